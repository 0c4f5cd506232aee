"""Revoked access tokens: users publishes session ids to a Redis stream, each process reads it every five seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, cast

import redis

from shared.data.redis_client import CoolDown, redis_from_url
from shared.observe.observability import get_logger

log = get_logger()

STREAM = "revocations"
FRESH_SECONDS = 5.0
# Longer than an access token lives, with its leeway, the margin of an ended session and clocks five minutes apart.
KEPT_SECONDS = 1_200
# Read again: an entry may have been written while the one before was read, or by a replica with another clock.
OVERLAP_SECONDS = 10
BATCH = 1_000


@dataclass(frozen=True)
class Revocation:
    """Access tokens of the session that were issued at `issued_until` (epoch seconds) or before are refused."""

    session_id: str
    issued_until: int


class Revocations:
    """
    The sessions whose access tokens are refused, as this process knows them.

    A process reads what is new every five seconds, while it verifies tokens. While Redis is unavailable it goes on
    with what it knows.
    """

    def __init__(self, store: redis.Redis, *, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock
        self._cool_down = CoolDown(FRESH_SECONDS, clock=clock)
        self._lock = threading.Lock()
        self._read_at = 0.0
        self._last = ""
        self._known: dict[str, tuple[int, float]] = {}

    @classmethod
    def at(cls, redis_url: str) -> Revocations:
        return cls(redis_from_url(redis_url))

    def covers(self, session_id: str, issued_at: float) -> bool:
        """Return whether an access token of this session, issued at `issued_at`, is revoked."""
        if self._clock() - self._read_at >= FRESH_SECONDS:
            self._read()
        known = self._known.get(session_id)
        return known is not None and issued_at <= known[0]

    def publish(self, revocations: Iterable[Revocation]) -> None:
        """Make the revocations known to every process within five seconds; raise RedisError."""
        oldest = self._id(self._clock() - KEPT_SECONDS)
        with self._store.pipeline(transaction=False) as batch:
            for each in revocations:
                fields: dict[Any, Any] = {"session": each.session_id, "until": each.issued_until}
                batch.xadd(STREAM, fields, minid=oldest, approximate=True)
            batch.expire(STREAM, KEPT_SECONDS)
            batch.execute()

    def _read(self) -> None:
        """Read the new entries, in one thread; the others go on with what is known."""
        if not self._lock.acquire(blocking=False):
            return
        try:
            if not self._cool_down.allows():
                return
            self._take_new()
            self._read_at = self._clock()
            if self._cool_down.worked():
                log.info("revocations_available")
        except redis.RedisError as failure:
            if self._cool_down.failed():
                log.warning("revocations_unavailable", failure=type(failure).__name__)
        finally:
            self._lock.release()

    def _take_new(self) -> None:
        known = dict(self._known)
        after = self._last or self._id(self._clock() - KEPT_SECONDS)
        while entries := cast(list[Any], self._store.xrange(STREAM, min=f"({after}", count=BATCH)):
            for entry_id, fields in entries:
                session, until = _read_entry(fields)
                bound = max(until, known.get(session, (0, 0.0))[0])
                known[session] = (bound, _milliseconds(entry_id.decode()) / 1000 + KEPT_SECONDS)
            after = entries[-1][0].decode()
        self._known = {session: entry for session, entry in known.items() if entry[1] > self._clock()}
        if after != self._last:
            overlapping = self._id(_milliseconds(after) / 1000 - OVERLAP_SECONDS)
            self._last = max(self._last, overlapping, key=_milliseconds)

    @staticmethod
    def _id(seconds: float) -> str:
        return f"{max(0, int(seconds * 1000))}-0"


def _milliseconds(entry_id: str) -> int:
    return int(entry_id.partition("-")[0] or 0)


def _read_entry(fields: dict[bytes, bytes]) -> tuple[str, int]:
    """Return session and bound; an entry of another shape covers nothing."""
    try:
        return fields[b"session"].decode(), int(fields[b"until"])
    except (KeyError, ValueError):
        return "", 0
