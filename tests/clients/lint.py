"""
`make api-lint`: check the OpenAPI document with Redocly (recommended-strict) and Spectral (spectral:oas).

The document is built from the services' apps; no platform need run. Any finding fails, a warning too.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.clients.document import write_document
from tests.node import STATE, package_file, run_node

HERE = Path(__file__).parent
DOCUMENT = STATE / "api" / "openapi.json"


def main() -> int:
    """Run both linters on the document; return 1 when one of them found anything."""
    write_document(DOCUMENT)
    redocly = run_node(
        package_file("@redocly/cli/bin/cli.js"),
        *("lint", str(DOCUMENT)),
        *("--config", str(HERE / "redocly.yaml")),
        *("--max-problems", "1000", "--format", "stylish"),
    )
    spectral = run_node(
        package_file("@stoplight/spectral-cli/dist/index.js"),
        *("lint", str(DOCUMENT)),
        *("--ruleset", str(HERE / "spectral.yaml")),
        *("--fail-severity", "hint"),
    )
    sys.stdout.write(redocly.stdout + redocly.stderr + spectral.stdout + spectral.stderr)
    return int(redocly.returncode != 0 or spectral.returncode != 0)


if __name__ == "__main__":
    sys.exit(main())
