"""Password hashing by Argon2id (OWASP: 19 MiB, two passes), one at a time so that other requests keep their CPU."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from services.users.clients.turns import FairTurns

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
