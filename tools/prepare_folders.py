"""
What is installed below a state folder: virtual environments, and the folders of unpacked programs.

An environment is installed whole in a folder of its own below `environments/`, then the link `venv` is switched to it.
A killed installation so changes nothing that is in use, and what runs keeps the packages that it was started with.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STAMP = "installed.json"


@dataclass(frozen=True)
class Environment:
    """A virtual environment; its stamp is written last and names the locks that are installed completely."""

    folder: Path

    @property
    def locks(self) -> Mapping[str, str]:
        """Return {lock: hash} of what is installed; empty when the environment is incomplete or damaged."""
        stamp = read_stamp(self.folder)
        site = self.folder / str(stamp.get("site", "?"))
        if not site.is_dir() or not os.access(self.folder / "bin" / "python", os.X_OK):
            return {}
        locks: Mapping[str, str] = stamp["locks"]
        return locks if set(stamp["entries"]) <= set(os.listdir(site)) else {}

    def complete(self, locks: Mapping[str, str]) -> None:
        """Note that these locks are installed."""
        site = next(self.folder.glob("lib/python3.*/site-packages"))
        stamp = {"locks": locks, "site": str(site.relative_to(self.folder)), "entries": sorted(os.listdir(site))}
        write_stamp(self.folder, stamp)

    @property
    def is_used(self) -> bool:
        """Whether a process runs a program of this environment."""
        return any(str(self.folder).encode() in line for line in _command_lines())


class Environments:
    """The environments of a state folder, of which `venv` leads to the current one."""

    def __init__(self, state: Path) -> None:
        self._folders = state / "environments"
        self._link = state / "venv"

    @property
    def current(self) -> Environment:
        return Environment(self._link.resolve())

    def create(self) -> Environment:
        """Return a new and empty one, of which no process knows."""
        self._folders.mkdir(exist_ok=True)
        return Environment(Path(tempfile.mkdtemp(dir=self._folders)))

    def switch_to(self, environment: Environment) -> None:
        """Lead `venv` to a complete environment, at once; a folder of that name is from a version without links."""
        if not self._link.is_symlink() and self._link.exists():
            self._link.rename(tempfile.mkdtemp(dir=self._folders))
        partial = self._link.with_name("venv.partial")
        partial.unlink(missing_ok=True)
        partial.symlink_to(os.path.relpath(environment.folder, self._link.parent))
        partial.replace(self._link)

    def remove_unused(self) -> None:
        """Remove every environment but the current one and those that a process runs from."""
        for folder in self._folders.glob("*"):
            if folder != self._link.resolve() and not Environment(folder).is_used:
                shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def replaced(folder: Path, lock: str) -> Iterator[Path]:
    """Yield a new folder; once it is filled it takes the place of `folder`. What runs keeps its open files."""
    for left in folder.parent.glob(f"{folder.name}.*"):
        shutil.rmtree(left, ignore_errors=True)
    new = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    yield new
    write_stamp(new, {"lock": lock})
    before = new.with_name(f"{new.name}.before")
    if folder.exists():
        folder.rename(before)
    new.rename(folder)
    shutil.rmtree(before, ignore_errors=True)


def holds(folder: Path, lock: str) -> bool:
    """Return whether `folder` was filled from the lock with this hash."""
    return read_stamp(folder).get("lock") == lock


def read_stamp(folder: Path) -> dict[str, Any]:
    """Return what the stamp in `folder` says; empty when there is none."""
    try:
        stamp = json.loads((folder / STAMP).read_text())
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def write_stamp(folder: Path, stamp: Mapping[str, object]) -> None:
    partial = folder / f"{STAMP}.partial"
    partial.write_text(json.dumps(stamp))
    partial.replace(folder / STAMP)


def _command_lines() -> list[bytes]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes())
        except OSError:
            continue  # it ended meanwhile
    return found
