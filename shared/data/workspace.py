"""Local copies of stored files: fetched once, and reused by the worker that continues an interrupted job."""

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
    """A folder shared by all workers of a service; the modification time of a copy is its last use."""

    def __init__(self, folder: str | Path, files: Storage) -> None:
        self._folder = Path(folder)
        self._files = files

    def open(self, key: str) -> BinaryIO:
        """Return the copy of a stored file, which is fetched at the first use; raise StoredFileMissing."""
        copy = self._copy_of(key)
        try:
            found = copy.open("rb")
        except FileNotFoundError:
            self._fetch(key, copy)
            found = copy.open("rb")
        os.utime(found.fileno())  # not by path: `clean` may have deleted the copy
        return found

    def forget(self, key: str) -> None:
        """Delete the copy; a missing copy is no error."""
        self._copy_of(key).unlink(missing_ok=True)

    def clean(self, unused_for: timedelta) -> int:
        """Delete copies, also incomplete ones, that were not used for `unused_for`; return their number."""
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
    """Return whether the path is a file last used before `moment` (epoch seconds); False for a deleted file."""
    try:
        return path.is_file() and path.stat().st_mtime < moment
    except FileNotFoundError:
        return False
