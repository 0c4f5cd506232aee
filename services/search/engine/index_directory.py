"""The directory of indexes: which of them is current, and how another replaces it at once."""

from __future__ import annotations

import fcntl
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from services.search.errors import IndexNotWritable
from shared.base.ids import new_id

_PREFIX = "idx_"


@dataclass(frozen=True)
class IndexLabel:
    """What the file `current.json` says: the folder of the current index, its schema, and its rebuild mark."""

    folder: str
    schema_version: int
    mark: str


class IndexDirectory:
    """Indexes in folders of one directory, beside the file that names the current one."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._pointer = directory / "current.json"
        self._lock: int | None = None

    def label(self) -> IndexLabel | None:
        """Return the label of the current index; None without one, or when its folder is gone."""
        try:
            label = IndexLabel(**orjson.loads(self._pointer.read_bytes()))
        except (FileNotFoundError, orjson.JSONDecodeError, TypeError):
            return None
        return label if (self.path_of(label) / "meta.json").is_file() else None

    def path_of(self, label: IndexLabel) -> Path:
        """Return the folder of an index."""
        return self._directory / label.folder

    def signature(self, label: IndexLabel | None) -> tuple[int, ...]:
        """Return numbers that change with every commit and every swap; raise FileNotFoundError without an index."""
        paths = [self._pointer, *([self.path_of(label) / "meta.json"] if label else [])]
        stats = [path.stat() for path in paths]
        return tuple(number for each in stats for number in (each.st_ino, each.st_mtime_ns))

    def acquire_lock(self) -> None:
        """Lock the directory until this process ends; raise IndexNotWritable while another process holds the lock."""
        if self._lock is not None:
            return
        self._directory.mkdir(parents=True, exist_ok=True)
        lock = os.open(self._directory / "writer.lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as busy:
            os.close(lock)
            raise IndexNotWritable("Another worker holds the lock of the index") from busy
        self._lock = lock

    def new_folder(self) -> Path:
        """Create the folder of a new index and return it."""
        folder = self._directory / new_id("idx")
        folder.mkdir(parents=True)
        return folder

    def put(self, label: IndexLabel) -> None:
        """Make an index the current one; the index before it is kept for readers that still use it."""
        before = self.label()
        unfinished = self._pointer.with_suffix(".unfinished")
        with unfinished.open("wb") as target:
            target.write(orjson.dumps(asdict(label)))
            target.flush()
            os.fsync(target.fileno())
        unfinished.replace(self._pointer)
        self._clear({label.folder, before.folder if before else ""})

    def _clear(self, kept: set[str]) -> None:
        for folder in self._directory.glob(f"{_PREFIX}*"):
            if folder.name not in kept:
                shutil.rmtree(folder, ignore_errors=True)
