"""What every storage does, and the keys it takes; the backends stand in modules of their own."""

from __future__ import annotations

import re
from typing import IO, BinaryIO, Protocol

from shared.base.errors import NotFound

LONGEST_KEY = 512
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=-]*(/[A-Za-z0-9][A-Za-z0-9._=-]*)*")
UNFINISHED_SUFFIX = ".unfinished"


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


def checked_key(key: str) -> str:
    """Return the key as it is; raise StorageKeyInvalid unless it is plain, and the same for every backend."""
    if len(key) > LONGEST_KEY or not _KEY.fullmatch(key) or key.endswith(UNFINISHED_SUFFIX):
        raise StorageKeyInvalid(f"{key!r} is not a storage key")
    return key
