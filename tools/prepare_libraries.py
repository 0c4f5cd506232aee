"""The shared libraries mongod needs and this system lacks, linked from the wheels that carry copies."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from tools.prepare_installers import PreparationFailed

CARRIED = ("pycurl.libs", "psycopg2_binary.libs")
MONGOD = "fiftyone/db/bin/mongod"
DEBIAN_PACKAGES = {"liblzma.so.5": "liblzma5"}


def link_missing_libraries(stores: Path, libraries: Path) -> None:
    """Fill `libraries` with links to what mongod does not find on this system; raise when something stays missing."""
    shutil.rmtree(libraries, ignore_errors=True)
    missing = missing_libraries(stores / MONGOD)
    if not missing:
        return
    libraries.mkdir(parents=True)
    carried = sorted(library for folder in CARRIED for library in (stores / folder).iterdir())
    for library in carried:
        # Each searches the libraries it needs next to the name it was loaded by, so all of them are linked.
        _link(libraries / library.name, library)
    for name in missing:
        copy = next((each for each in carried if is_copy_of(each.name, name)), None)
        if copy is not None:
            _link(libraries / name, copy)
    still = missing_libraries(stores / MONGOD, libraries)
    if still:
        wanted = " ".join(sorted({DEBIAN_PACKAGES.get(name, name) for name in still}))
        raise PreparationFailed(
            f"mongod needs {', '.join(still)}, which this system lacks: install it "
            f"(Debian: `apt-get install {wanted}`), or set MONGODB_URI to a server of your own."
        )


def missing_libraries(program: Path, libraries: Path | None = None) -> list[str]:
    """Return the names of the libraries the dynamic linker does not find for `program`."""
    environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin")}
    if libraries is not None:
        environment["LD_LIBRARY_PATH"] = str(libraries)
    shown = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=False, env=environment)
    return sorted(set(re.findall(r"(\S+) => not found", shown.stdout)))


def is_copy_of(carried: str, name: str) -> bool:
    """Return whether a renamed copy (`libcurl-330bcbb6.so.4.8.0`) serves for `libcurl.so.4`."""
    stem, _, version = name.partition(".so.")
    return re.fullmatch(rf"{re.escape(stem)}-[0-9a-f]+\.so\.{re.escape(version)}(\.\d+)*", carried) is not None


def _link(link: Path, target: Path) -> None:
    link.symlink_to(os.path.relpath(target, link.parent))
