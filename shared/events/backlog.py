"""What the readiness report says of a service's events: whether they reach their subscribers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import redis

from shared.base.clock import now
from shared.base.settings import StoreSettings
from shared.data.persistence import KEPT_EVENTS, database
from shared.data.redis_client import redis_from_url
from shared.events.broker_redis import RedisBroker

LATE_AFTER = timedelta(minutes=10)
FULL_REDIS_SHARE = 0.9


def notice_of(service: str, settings: StoreSettings) -> Callable[[], str | None]:
    """Return a function that says why events of the service do not get on, or None while they do."""
    if settings.event_broker != "redis":
        return lambda: None
    store = redis_from_url(settings.redis_url)

    def notice() -> str | None:
        return full_redis(store) or _full_stream(service, store) or _late_events(service)

    return notice


def full_redis(store: redis.Redis) -> str | None:
    """Say that Redis has almost all the memory that it may take: then it refuses events, jobs and sessions."""
    memory: Any = store.info("memory")
    most = int(memory.get("maxmemory") or 0)
    share = int(memory["used_memory"]) / most if most else 0.0
    return f"Redis is {share:.0%} full" if share >= FULL_REDIS_SHARE else None


def _full_stream(service: str, store: redis.Redis) -> str | None:
    window = RedisBroker(store).window_of(service)
    if window.room() > 0:
        return None
    return f"the stream of events is full; behind: {', '.join(window.behind()) or 'none'}"


def _late_events(service: str) -> str | None:
    kept = database(service)[KEPT_EVENTS]
    if kept.find_one({"kept_at": {"$lt": now() - LATE_AFTER}}, {"_id": 1}, sort=[("kept_at", 1)]) is None:
        return None
    return f"events wait for a subscriber for more than {LATE_AFTER.seconds // 60} minutes"
