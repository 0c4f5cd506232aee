"""Publishes revocations to Redis; MongoDB holds them, so Redis may lose them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import redis

from shared.data.redis_client import redis_from_url
from shared.observe.observability import counter, get_logger
from shared.web.revocations import KEPT_SECONDS, Revocation, Revocations

log = get_logger()

COMPLETE_KEY = "revocations:complete-until"
CHECK_KEY = "revocations-checked"
CHECK_SECONDS = 15

_revoked = counter("revocations_total", "Sessions whose access tokens were revoked, by reason.", ("reason",))


class Reason(StrEnum):
    SIGNED_OUT = "signed_out"
    REFRESH_TOKEN_REUSED = "refresh_token_reused"  # noqa: S105 (a name)
    PERSON_DISABLED = "person_disabled"
    RIGHTS_CHANGED = "rights_changed"


class RevocationPublisher:
    """Announces each revocation at once; what Redis could not take, the next `publish` repeats."""

    def __init__(self, redis_url: str) -> None:
        self._store = redis_from_url(redis_url)
        self._revocations = Revocations(self._store)

    def announce(self, revocation: Revocation, *, reason: Reason) -> None:
        """Publish one revocation now if Redis is available."""
        _revoked.labels(reason.value).inc()
        try:
            self._revocations.publish([revocation])
        except redis.RedisError as failure:
            log.warning("revocation_delayed", session_id=revocation.session_id, failure=type(failure).__name__)

    def publish(self, revocations: Sequence[Revocation], *, complete_until: datetime) -> None:
        """Publish them all and store that Redis has every revocation until that moment; raise RedisError."""
        if revocations:
            self._revocations.publish(revocations)
        self._store.set(COMPLETE_KEY, complete_until.timestamp(), ex=KEPT_SECONDS)

    def complete_until(self) -> datetime | None:
        """Return until when Redis has every revocation, None when it came back empty; raise RedisError."""
        stored: Any = self._store.get(COMPLETE_KEY)
        return datetime.fromtimestamp(float(stored), UTC) if stored else None

    def claim_check(self) -> bool:
        """Return True for the one process that compares rights now, every 15 seconds; raise RedisError."""
        return bool(self._store.set(CHECK_KEY, "1", nx=True, ex=CHECK_SECONDS))
