"""Adds Debian's packages to the bill of materials; runs in the image's build stage, on Python alone."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote


def debian_components(listed: str) -> list[dict[str, str]]:
    """Return a CycloneDX component per line of `listed`: name, version and architecture, separated by tabs."""
    components = []
    for line in sorted(listed.splitlines()):
        name, version, architecture = line.split("\t")
        purl = f"pkg:deb/debian/{quote(name)}@{quote(version)}?arch={architecture}&distro=bookworm"
        components.append({"type": "library", "name": name, "version": version, "purl": purl, "bom-ref": purl})
    return components


def with_debian(python: dict[str, Any], listed: str) -> dict[str, Any]:
    """Return the bill of the whole image, given that of its Python packages."""
    return python | {"components": [*python["components"], *debian_components(listed)]}


def main(python: Path, debian: Path) -> None:
    bill = with_debian(json.loads(python.read_text()), debian.read_text())
    sys.stdout.write(json.dumps(bill, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
