"""Redis connections whose every call is bounded; the lead's first version, helper B completes it (keep the names)."""

from __future__ import annotations

import redis


def redis_from_url(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=0.5, socket_connect_timeout=0.5)


def blocking_redis_from_url(url: str) -> redis.Redis:
    """For consumers that wait on the server: stream readers and RQ workers."""
    return redis.Redis.from_url(url, socket_timeout=30, socket_connect_timeout=1)
