"""
`make clients`: make two clients from the running platform's OpenAPI document, check their types, and trade with each.

`openapi-python-client` makes a Python package, `openapi-typescript` the types of `openapi-fetch`. Both stay as they
were generated; trade.py and trade.ts are the programs of a person who integrates Tradepost.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.addresses import address_of
from tests.node import PACKAGES, STATE, node_command, node_environment, package_file

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent


def main() -> int:
    """Try both clients; return 1 when a step of one of them failed."""
    gateway = address_of("gateway")
    clients: dict[str, Callable[[Path, str], bool]] = {"python": trade_in_python, "typescript": trade_in_typescript}
    worked = [trade(_emptied(STATE / "clients" / name), gateway) for name, trade in clients.items()]
    return int(not all(worked))


def trade_in_python(folder: Path, gateway: str) -> bool:
    """Generate the Python client, check the types of program and client, and trade."""
    shutil.copy(HERE / "trade.py", folder)
    package = folder / "tradepost_client"
    environment = os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}", "PYTHONPATH": str(folder)}
    steps = {
        "openapi-python-client": [
            *(str(BIN / "openapi-python-client"), "generate", "--url", f"{gateway}/docs/openapi.json"),
            *("--meta", "none", "--output-path", str(package), "--fail-on-warning"),
        ],
        # The generator's own client.py is not strictly typed; all that is made from the document is.
        "mypy --strict": [
            *(str(BIN / "mypy"), "--strict", "--config-file=", "--follow-imports=silent", "--no-error-summary"),
            *("trade.py", "tradepost_client/api", "tradepost_client/models"),
        ],
        "trade.py": [sys.executable, "trade.py", gateway],
    }
    return all(run(name, command, folder, environment) for name, command in steps.items())


def trade_in_typescript(folder: Path, gateway: str) -> bool:
    """Generate the TypeScript client, check the types of program and client, and trade."""
    for name in ("trade.ts", "tsconfig.json"):
        shutil.copy(HERE / name, folder)
    (folder / "package.json").write_text('{"type": "module"}\n')
    (folder / "node_modules").symlink_to(PACKAGES)
    generator = package_file("openapi-typescript/bin/cli.js")
    steps = {
        "openapi-typescript": [generator, f"{gateway}/docs/openapi.json", "--output", "tradepost.d.ts"],
        "tsc --strict": [package_file("typescript/bin/tsc"), "--project", "tsconfig.json"],
        "trade.ts": ["trade.js", gateway],
    }
    return all(run(name, node_command(*words), folder, node_environment()) for name, words in steps.items())


def run(name: str, command: list[str], folder: Path, environment: dict[str, str]) -> bool:
    """Run one step and say how long it took; show what it wrote when it failed."""
    begun = time.monotonic()
    finished = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    sys.stdout.write(f"{name}: {'failed' if finished.returncode else 'ok'} {time.monotonic() - begun:.1f} s\n")
    if finished.returncode or name.startswith("trade"):
        sys.stdout.write(finished.stdout + finished.stderr)
    sys.stdout.flush()
    return not finished.returncode


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


if __name__ == "__main__":
    sys.exit(main())
