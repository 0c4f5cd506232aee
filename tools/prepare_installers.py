"""The ways to install a lock: pip of the new environment, pip of the interpreter, or uv; whichever the machine has."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# A person's pip settings for other projects must not bend ours; certificates, proxies and indexes stay theirs.
FOREIGN = frozenset(
    {
        "PIP_BUILD_CONSTRAINT",
        "PIP_CONSTRAINT",
        "PIP_NO_BINARY",
        "PIP_NO_DEPS",
        "PIP_ONLY_BINARY",
        "PIP_PREFIX",
        "PIP_REQUIREMENT",
        "PIP_REQUIRE_VIRTUALENV",
        "PIP_ROOT",
        "PIP_TARGET",
        "PIP_UPGRADE",
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONHOME",
        "PYTHONPATH",
        "UV_CONSTRAINT",
        "UV_PYTHON",
        "VIRTUAL_ENV",
        "__PYVENV_LAUNCHER__",
    }
)
# The programs inside the wheels do not depend on the Python version, and this psycopg2-binary stopped at 3.12.
PROGRAMS_PYTHON = "3.12"
PROGRAMS_PLATFORMS = ("manylinux_2_28_x86_64", "manylinux2014_x86_64", "manylinux1_x86_64")


class PreparationFailed(Exception):
    """Preparation cannot go on; the text is one sentence with the reason and what to do."""


@dataclass(frozen=True)
class Installer:
    """Installs locks into one environment; `command` is pip's or uv's beginning of the line."""

    command: tuple[str, ...]
    is_uv: bool
    environment: Mapping[str, str]
    log: Path

    def install_lock(self, lock: Path) -> None:
        """Install every package of the lock, hashes checked, byte code compiled."""
        compiled = ("--compile-bytecode",) if self.is_uv else ("--compile", "--no-warn-script-location")
        self._run("install", "--require-hashes", *compiled, "-r", str(lock))

    def unpack(self, lock: Path, folder: Path) -> None:
        """Unpack wheels that carry programs into `folder`, whatever Python runs."""
        if self.is_uv:
            chosen = ["--python-platform", "x86_64-manylinux_2_28", "--only-binary", ":all:"]
        else:
            chosen = ["--implementation", "cp", "--only-binary=:all:", "--no-compile"]
            chosen += [word for platform in PROGRAMS_PLATFORMS for word in ("--platform", platform)]
        chosen += ["--python-version", PROGRAMS_PYTHON, "--target", str(folder), "--no-deps"]
        self._run("install", "--require-hashes", *chosen, "-r", str(lock))

    def _run(self, *arguments: str) -> None:
        run_logged([*self.command, *arguments], self.log, self.environment)


def make_venv(venv: Path, log: Path) -> None:
    """Create the virtual environment again, with pip inside when the interpreter can bring it."""
    shutil.rmtree(venv, ignore_errors=True)
    with_pip = importlib.util.find_spec("ensurepip") is not None
    try:
        _make(venv, log, with_pip=with_pip)
    except PreparationFailed:
        if not with_pip:
            raise
        # Debian can hold the module without its wheels: the other installers may still serve.
        shutil.rmtree(venv, ignore_errors=True)
        _make(venv, log, with_pip=False)


def _make(venv: Path, log: Path, *, with_pip: bool) -> None:
    arguments = [] if with_pip else ["--without-pip"]
    run_logged([sys.executable, "-m", "venv", *arguments, str(venv)], log, cleaned(os.environ, log.parents[1]))


def choose_installer(venv: Path, environment: Mapping[str, str], log: Path) -> Installer:
    """Return the first way to install that works here; raise PreparationFailed when there is none."""
    clean = cleaned(environment, log.parents[1])
    python = str(venv / "bin" / "python")
    if any(venv.glob("lib/python3.*/site-packages/pip")):
        return Installer((python, "-m", "pip"), is_uv=False, environment=clean, log=log)
    if importlib.util.find_spec("pip") is not None:
        return Installer((sys.executable, "-m", "pip", "--python", python), is_uv=False, environment=clean, log=log)
    uv = shutil.which("uv")
    if uv is not None:
        environment = clean | {"VIRTUAL_ENV": str(venv)}
        return Installer((uv, "pip"), is_uv=True, environment=environment, log=log)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    raise PreparationFailed(
        f"{sys.executable} has neither ensurepip nor pip, and uv is not on PATH: install one of them, "
        f"on Debian and Ubuntu with `apt-get install python{version}-venv`."
    )


def cleaned(environment: Mapping[str, str], state: Path) -> dict[str, str]:
    """Return the environment an installer runs in: the machine's certificates and indexes, none of its surprises."""
    clean = {name: value for name, value in environment.items() if name not in FOREIGN}
    if not clean.get("PIP_NO_INDEX"):
        # Local wheels of the machine's own are for the case without an index.
        clean.pop("PIP_FIND_LINKS", None)
    clean |= {"PIP_USER": "0", "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    home = clean.get("HOME")
    if not home or not os.access(home, os.W_OK):
        clean |= {"HOME": str(state), "PIP_CACHE_DIR": str(state / "cache"), "UV_CACHE_DIR": str(state / "cache")}
    return clean


def run_logged(command: Sequence[str], log: Path, environment: Mapping[str, str]) -> None:
    """Run a command, its output in the log; raise PreparationFailed with its last words."""
    begins_at = log.stat().st_size if log.exists() else 0
    with log.open("ab") as output:
        output.write((" ".join(command) + "\n").encode())
        output.flush()
        finished = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment)
    if finished.returncode:
        raise PreparationFailed(_last_words(log, begins_at))


def _last_words(log: Path, begins_at: int) -> str:
    with log.open("rb") as opened:
        opened.seek(begins_at)
        said = opened.read().decode(errors="replace")
    if "No space left on device" in said:
        return "The disk is full: free some space and run the same command again."
    errors = [line.strip() for line in said.splitlines() if "error" in line.lower()] or said.strip().splitlines()
    return f"Preparation failed: {errors[-1][:300]} (everything it said: {log})"
