"""The interface of every storage backend, and the check of its keys."""

from __future__ import annotations

import re
from typing import IO, BinaryIO, Protocol

from shared.base.errors import NotFound

LONGEST_KEY = 512
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=-]*(/[A-Za-z0-9][A-Za-z0-9._=-]*)*")
UNFINISHED_SUFFIX = ".unfinished"


class StorageKeyInvalid(ValueError):
    """The key is not a sequence of plain names joined by `/`, or is outside of the storage."""


class StoredFileMissing(NotFound):
    title = "File not found"
    meaning = "The file was deleted, or never stored."
    advice = "Upload the file again."


class Storage(Protocol):
    """The methods of a storage backend; a key looks like `confirmations/cmp_1/ord_2.pdf`."""

    def put(self, key: str, content: bytes | IO[bytes], *, content_type: str = "application/octet-stream") -> None:
        """Store `content` atomically; an existing file is replaced."""

    def open(self, key: str) -> BinaryIO:
        """Return the content as a stream, which the caller closes; raise StoredFileMissing."""

    def exists(self, key: str) -> bool: ...

    def delete(self, key: str) -> None:
        """Delete the file; a missing file is no error."""


def checked_key(key: str) -> str:
    """Return the key unchanged; raise StorageKeyInvalid unless every backend can store it."""
    if len(key) > LONGEST_KEY or not _KEY.fullmatch(key) or key.endswith(UNFINISHED_SUFFIX):
        raise StorageKeyInvalid(f"{key!r} is not a storage key")
    return key
