"""The folder of indexes: which of them is current, and how another takes its place at once."""

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
class Label:
    """What the file `current.json` says: the folder of the current index, its schema, and the wish it was built for."""

    folder: str
    schema_version: int
    mark: str


class Shelf:
    """Indexes in folders of one directory, beside the file that names the current one."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._pointer = directory / "current.json"
        self._lock: int | None = None

    def label(self) -> Label | None:
        """Return what is current; None when nothing is, or when its folder is gone."""
        try:
            label = Label(**orjson.loads(self._pointer.read_bytes()))
        except (FileNotFoundError, orjson.JSONDecodeError, TypeError):
            return None
        return label if (self.path_of(label) / "meta.json").is_file() else None

    def path_of(self, label: Label) -> Path:
        return self._directory / label.folder

    def signature(self, label: Label | None) -> tuple[int, ...]:
        """Return numbers that change with every commit and every swap; raise FileNotFoundError without an index."""
        paths = [self._pointer, *([self.path_of(label) / "meta.json"] if label else [])]
        stats = [path.stat() for path in paths]
        return tuple(number for each in stats for number in (each.st_ino, each.st_mtime_ns))

    def reserve(self) -> None:
        """Become the only writer until this process ends; raise IndexNotWritable while another is."""
        if self._lock is not None:
            return
        self._directory.mkdir(parents=True, exist_ok=True)
        lock = os.open(self._directory / "writer.lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as busy:
            os.close(lock)
            raise IndexNotWritable("Another worker writes the index") from busy
        self._lock = lock

    def release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def new_folder(self) -> Path:
        folder = self._directory / new_id("idx")
        folder.mkdir(parents=True)
        return folder

    def put(self, label: Label) -> None:
        """Make an index the current one; the one before it stays for readers that have yet to notice."""
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
