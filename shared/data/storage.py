"""Files under keys: in a local folder, or in S3 on AWS; STORAGE_BACKEND selects one."""

from __future__ import annotations

import os
import secrets
import shutil
from importlib import import_module
from pathlib import Path
from typing import IO, BinaryIO, cast

from shared.base.errors import SettingsInvalid
from shared.data.storage_contract import (
    UNFINISHED_SUFFIX,
    Storage,
    StorageKeyInvalid,
    StoredFileMissing,
    checked_key,
)


class LocalStorage:
    """Files in a local folder; the media type is not stored, it follows from the suffix of the key."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder.resolve()

    def put(self, key: str, content: bytes | IO[bytes], *, content_type: str = "application/octet-stream") -> None:
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"{path.name}.{secrets.token_hex(6)}{UNFINISHED_SUFFIX}")
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
            raise StoredFileMissing(f"File {key} was not found") from error

    def exists(self, key: str) -> bool:
        return self._path(key).is_file()

    def delete(self, key: str) -> None:
        self._path(key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        """Return the path of `key`; a key may come from a request, so the name and the resolved path are checked."""
        path = self._folder / checked_key(key)
        if not path.resolve().is_relative_to(self._folder):
            raise StorageKeyInvalid(f"{key!r} is outside of the storage")
        return path


BACKENDS = ("local", "s3")


def make_storage(backend: str, folder: str | Path, *, bucket: str = "", prefix: str = "") -> Storage:
    """
    Return the storage of STORAGE_BACKEND: `local` is STORAGE_DIR, `s3` is `prefix` of STORAGE_BUCKET.

    Raises SettingsInvalid for an unknown backend or a missing folder or bucket. Only `s3` imports boto3.
    """
    if backend not in BACKENDS:
        raise SettingsInvalid(f"STORAGE_BACKEND is {backend!r}; it must be one of {', '.join(BACKENDS)}")
    if backend == "s3":
        if not bucket:
            raise SettingsInvalid("STORAGE_BUCKET is missing")
        return cast(Storage, import_module("shared.data.storage_s3").S3Storage(bucket, prefix))
    if not str(folder):
        raise SettingsInvalid("STORAGE_DIR is missing")
    return LocalStorage(Path(folder))
