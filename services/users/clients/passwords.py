"""Passwords: hashed by Argon2id (OWASP: 19 MiB, two passes), one at a time, and the list of common ones."""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from services.users.clients.turns import FairTurns
from shared.base.texts import comparable

COMMON_PASSWORDS = Path(__file__).with_name("common_passwords.txt.gz")
MEMORY_KIB = 19 * 1024
PASSES = 2
LANES = 1
# Unknown accounts are checked against the hash of a discarded password, so that both answers take the same time.
UNKNOWN_USER_HASH = "$argon2id$v=19$m=19456,t=2,p=1$3AdXiFEcjfPno+/wiS0olA$BB2SLH7/+vnx0r4irLKa1lBKdzOAgfDGAsArSijpNpE"


class PasswordQueue:
    """Hashes one password at a time; `turns` shares that place fairly among networks, `queue` requests may wait."""

    def __init__(self, queue: int = 8) -> None:
        self._hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)
        self.turns = FairTurns(queue)

    def hash(self, password: str) -> str:
        return self._hasher.hash(_bytes(comparable(password)))

    def fits(self, password: str, password_hash: str | None) -> bool:
        """
        Return whether the password matches; without a hash the same work is done and the answer is False.

        Hashes of older versions are of the password as it was typed, newer ones of its NFKC form.
        """
        known = password_hash or UNKNOWN_USER_HASH
        fits = self._verify(known, comparable(password))
        if not fits and comparable(password) != password:
            fits = self._verify(known, password)
        return fits and password_hash is not None

    def is_outdated(self, password_hash: str, password: str) -> bool:
        """Return whether a hash that the password fits has old parameters, or is of what was typed."""
        if self._hasher.check_needs_rehash(password_hash):
            return True
        return comparable(password) != password and not self._verify(password_hash, comparable(password))

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, _bytes(password))
        except (VerificationError, InvalidHashError):
            return False


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")


@cache
def common_passwords() -> frozenset[str]:
    """Return 30,000 common passwords in lower case (source: THIRD_PARTY.md)."""
    return frozenset(gzip.decompress(COMMON_PASSWORDS.read_bytes()).decode().split("\n")) - {""}
