"""Password hashing by Argon2id (OWASP: 19 MiB, two passes), one at a time so that other requests keep their CPU."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from services.users.errors import SignInBusy

MEMORY_KIB = 19 * 1024
PASSES = 2
LANES = 1
# Unknown accounts are checked against the hash of a discarded password, so that both answers take the same time.
UNKNOWN_USER_HASH = "$argon2id$v=19$m=19456,t=2,p=1$3AdXiFEcjfPno+/wiS0olA$BB2SLH7/+vnx0r4irLKa1lBKdzOAgfDGAsArSijpNpE"


class PasswordQueue:
    """One password is hashed at a time, `queue` may wait, more are refused with Retry-After."""

    def __init__(self, queue: int = 2) -> None:
        self._hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)
        self._places = threading.BoundedSemaphore(1 + queue)
        self._hashing = threading.Lock()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold the only turn to hash; raise SignInBusy when the queue is full."""
        if not self._places.acquire(blocking=False):
            raise SignInBusy("Try again in a moment", retry_after_seconds=1)
        try:
            with self._hashing:
                yield
        finally:
            self._places.release()

    def hash(self, password: str) -> str:
        return self._hasher.hash(password.encode("utf-8", "surrogatepass"))

    def fits(self, password: str, password_hash: str | None) -> bool:
        """Return whether the password matches; without a hash the same work is done and the answer is False."""
        try:
            self._hasher.verify(password_hash or UNKNOWN_USER_HASH, password.encode("utf-8", "surrogatepass"))
        except (VerificationError, InvalidHashError):
            return False
        return password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        return self._hasher.check_needs_rehash(password_hash)
