"""Sessions in Redis, encrypted: what the portal remembers of a browser, and the tokens the browser never sees."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from shared.portal.ciphers import cipher

REFRESH_LOCK_MILLISECONDS = 15_000
PURPOSE = b"tradepost portal session"


@dataclass(frozen=True)
class Tokens:
    """An access token with its refresh token; `expires_at` is the access token's end in epoch seconds."""

    access_token: str
    refresh_token: str
    expires_at: float


def connect(redis_url: str) -> Redis:
    """Return a client that gives up after half a second and tries once more on a fresh connection."""
    return Redis.from_url(
        redis_url,
        decode_responses=True,
        socket_timeout=0.5,
        socket_connect_timeout=0.5,
        retry=Retry(NoBackoff(), 1),
    )


class SessionStore:
    """
    One Redis hash per session: `state` is the page-to-page memory, `tokens` the pair from the users service.

    They are two fields because a token refresh and a page may write at the same moment. Keys carry a digest of the
    session id, and both fields are encrypted with a key that derives from it: who reads Redis can make no cookie, and
    read nothing. A field that cannot be decrypted (another version wrote it) counts as absent.
    """

    def __init__(self, redis: Redis, portal: str, *, seconds: int) -> None:
        self._redis = redis
        self._portal = portal
        self._seconds = seconds

    def read(self, session_id: str) -> dict[str, Any] | None:
        """Return the state of a session and prolong it, None when there is no such session."""
        key = self._key(session_id)
        with self._redis.pipeline(transaction=False) as batch:
            batch.hget(key, "state")
            batch.expire(key, self._seconds)
            stored, _ = batch.execute()
        state = _decrypted(session_id, stored)
        return json.loads(state) if state else None

    def write(self, session_id: str, state: dict[str, Any]) -> None:
        self._set(session_id, "state", json.dumps(state))

    def tokens(self, session_id: str) -> Tokens | None:
        stored: Any = self._redis.hget(self._key(session_id), "tokens")
        tokens = _decrypted(session_id, stored)
        return Tokens(**json.loads(tokens)) if tokens else None

    def write_tokens(self, session_id: str, tokens: Tokens) -> None:
        self._set(session_id, "tokens", json.dumps(asdict(tokens)))

    def drop_tokens(self, session_id: str) -> None:
        self._redis.hdel(self._key(session_id), "tokens")

    def erase(self, session_id: str) -> None:
        self._redis.delete(self._key(session_id))

    def claim_refresh(self, session_id: str) -> bool:
        """Return True for the one caller that may refresh now; the claim lapses by itself if that caller dies."""
        return bool(self._redis.set(self._lock(session_id), "1", nx=True, px=REFRESH_LOCK_MILLISECONDS))

    def release_refresh(self, session_id: str) -> None:
        self._redis.delete(self._lock(session_id))

    def check(self) -> None:
        """Return when Redis answers; for the readiness probe."""
        self._redis.ping()

    def _set(self, session_id: str, field: str, value: str) -> None:
        key = self._key(session_id)
        with self._redis.pipeline(transaction=False) as batch:
            batch.hset(key, field, _cipher(session_id).encrypt(value.encode()).decode())
            batch.expire(key, self._seconds)
            batch.execute()

    def _key(self, session_id: str) -> str:
        return f"session:{self._portal}:{hashlib.sha256(session_id.encode()).hexdigest()}"

    def _lock(self, session_id: str) -> str:
        return f"{self._key(session_id)}:refresh"


def _cipher(session_id: str) -> Fernet:
    """Return the cipher of one session; its key is nowhere but in the browser's cookie."""
    return cipher(session_id, PURPOSE)


def _decrypted(session_id: str, stored: str | None) -> str | None:
    try:
        return _cipher(session_id).decrypt(stored).decode() if stored else None
    except InvalidToken:
        return None
