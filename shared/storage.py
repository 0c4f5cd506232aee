"""Files under keys: a local folder here, an object store on AWS, chosen by STORAGE_BACKEND."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from importlib import import_module
from pathlib import Path
from typing import IO, BinaryIO, Protocol, cast

from shared.errors import NotFound
from shared.settings import SettingsInvalid

LONGEST_KEY = 512
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=-]*(/[A-Za-z0-9][A-Za-z0-9._=-]*)*")
_UNFINISHED_SUFFIX = ".unfinished"


class StorageKeyInvalid(ValueError):
    """The key is not made of plain names joined by `/`, or leads out of the storage."""


class StoredFileMissing(NotFound):
    title = "There is no such file"


class Storage(Protocol):
    """What a backend can do; keys look like `confirmations/cmp_1/ord_2.pdf`."""

    def put(self, key: str, content: bytes | IO[bytes], *, content_type: str = "application/octet-stream") -> None:
        """Store `content` whole or not at all, in place of what was there."""

    def open(self, key: str) -> BinaryIO:
        """Return the content as a stream to be closed by the caller; raise StoredFileMissing."""

    def exists(self, key: str) -> bool: ...

    def delete(self, key: str) -> None:
        """Remove the file; one that is not there is no error."""


class LocalStorage:
    """Files in a folder of this machine; the media type is not kept, it follows from the key's suffix."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder.resolve()

    def put(self, key: str, content: bytes | IO[bytes], *, content_type: str = "application/octet-stream") -> None:
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"{path.name}.{secrets.token_hex(6)}{_UNFINISHED_SUFFIX}")
        try:
            with unfinished.open("xb") as target:
                if isinstance(content, bytes):
                    target.write(content)
                else:
                    shutil.copyfileobj(content, target)
                target.flush()
                os.fsync(target.fileno())
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)

    def open(self, key: str) -> BinaryIO:
        try:
            return self._path(key).open("rb")
        except (FileNotFoundError, IsADirectoryError) as error:
            raise StoredFileMissing(f"There is no file {key}") from error

    def exists(self, key: str) -> bool:
        return self._path(key).is_file()

    def delete(self, key: str) -> None:
        self._path(key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        """Return where `key` lies; a key may come from a request, so it is checked, then resolved and checked again."""
        path = self._folder / checked_key(key)
        if not path.resolve().is_relative_to(self._folder):
            raise StorageKeyInvalid(f"{key!r} leads out of the storage")
        return path


def checked_key(key: str) -> str:
    """Return the key as it is; raise StorageKeyInvalid unless it is plain, and the same for every backend."""
    if len(key) > LONGEST_KEY or not _KEY.fullmatch(key) or key.endswith(_UNFINISHED_SUFFIX):
        raise StorageKeyInvalid(f"{key!r} is not a storage key")
    return key


BACKENDS = ("local", "s3")


def make_storage(backend: str, folder: str | Path, *, bucket: str = "", prefix: str = "") -> Storage:
    """
    Return the storage that STORAGE_BACKEND names: STORAGE_DIR here, `prefix` of STORAGE_BUCKET on AWS.

    Raises SettingsInvalid for an unknown name or a missing place. The adapter of AWS is imported only when chosen.
    """
    if backend not in BACKENDS:
        raise SettingsInvalid(f"STORAGE_BACKEND is {backend!r}; it must be one of {', '.join(BACKENDS)}")
    if backend == "s3":
        if not bucket:
            raise SettingsInvalid("STORAGE_BUCKET is missing")
        return cast(Storage, import_module("shared.storage_s3").S3Storage(bucket, prefix))
    if not str(folder):
        raise SettingsInvalid("STORAGE_DIR is missing")
    return LocalStorage(Path(folder))
