"""Runs the npm packages that `tools.prepare --npm` installed, without telemetry."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tools.prepare_node import NODE, npm_environment

ROOT = Path(__file__).resolve().parents[1]
STATE = ROOT / ".tradepost"
PACKAGES = STATE / "npm" / "node_modules"
# Redocly's own usage data and its search for a newer version; Scarf's install statistics.
QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "SCARF_ANALYTICS": "false"}


def run_node(*words: str, cwd: Path = ROOT, more: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a JavaScript file with its arguments, and return what it wrote."""
    environment = npm_environment(os.environ, STATE) | QUIET | dict(more or {})
    command = [str(STATE / "node" / NODE), *words]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def package_file(path: str) -> str:
    """Return where a file of an installed package is, for example `typescript/bin/tsc`."""
    return str(PACKAGES / path)
