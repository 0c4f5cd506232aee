"""Runs the npm packages that `tools.prepare --npm` installed, without telemetry."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tools.prepare_node import NODE, npm_environment

ROOT = Path(__file__).resolve().parents[1]
STATE = ROOT / ".tradepost"
PACKAGES = STATE / "npm" / "node_modules"
# Redocly's own usage data and its search for a newer version; Scarf's install statistics.
QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "SCARF_ANALYTICS": "false"}


def run_node(*words: str) -> subprocess.CompletedProcess[str]:
    """Run a JavaScript file with its arguments, and return what it wrote."""
    command, environment = node_command(*words), node_environment()
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def node_command(*words: str) -> list[str]:
    """Return the command line of a JavaScript file and its arguments."""
    return [str(STATE / "node" / NODE), *words]


def node_environment() -> dict[str, str]:
    """Return the environment of this process without what would bend Node.js, and with telemetry off."""
    return npm_environment(os.environ, STATE) | QUIET


def package_file(path: str) -> str:
    """Return where a file of an installed package is, for example `typescript/bin/tsc`."""
    return str(PACKAGES / path)
