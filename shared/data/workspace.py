"""Copies of stored files to work on: fetched once, found by whoever goes on after a worker that was taken away."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

from shared.data.storage_contract import Storage, checked_key


class Workspace:
    """A folder that all workers of a service share; a copy's time of last use says when it may go."""

    def __init__(self, folder: str | Path, files: Storage) -> None:
        self._folder = Path(folder)
        self._files = files

    def open(self, key: str) -> BinaryIO:
        """Return the copy of a stored file, fetched when there is none; raise StoredFileMissing."""
        copy = self._copy_of(key)
        try:
            found = copy.open("rb")
        except FileNotFoundError:
            self._fetch(key, copy)
            found = copy.open("rb")
        os.utime(found.fileno())  # by name, it might just have been cleaned away
        return found

    def forget(self, key: str) -> None:
        """Remove the copy; one that is not there is no error."""
        self._copy_of(key).unlink(missing_ok=True)

    def clean(self, unused_for: timedelta) -> int:
        """Remove copies, also half fetched ones, that nobody used for so long; return how many."""
        before = time.time() - unused_for.total_seconds()
        stale = [path for path in self._folder.rglob("*") if _is_older(path, before)]
        for path in stale:
            path.unlink(missing_ok=True)
        return len(stale)

    def _copy_of(self, key: str) -> Path:
        return self._folder / checked_key(key)

    def _fetch(self, key: str, copy: Path) -> None:
        copy.parent.mkdir(parents=True, exist_ok=True)
        unfinished = copy.with_name(f"{copy.name}.{secrets.token_hex(6)}.unfinished")
        try:
            with self._files.open(key) as stored, unfinished.open("xb") as target:
                shutil.copyfileobj(stored, target)
            unfinished.replace(copy)
        finally:
            unfinished.unlink(missing_ok=True)


def _is_older(path: Path, moment: float) -> bool:
    """Return whether it is a file last used before `moment` (epoch seconds); one that just went is none."""
    try:
        return path.is_file() and path.stat().st_mtime < moment
    except FileNotFoundError:
        return False
