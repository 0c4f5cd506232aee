"""Redis connections with short timeouts and few attempts: the driver's defaults are 5 s and eleven attempts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import redis
from redis.backoff import FullJitterBackoff
from redis.retry import Retry

from shared.base.limits import limits_for
from shared.base.settings import require_verified_tls

# Longer than the longest blocking command: 5 s for stream readers, 15 s for the dequeue of RQ in our workers.
BLOCKING_SECONDS = 30.0
UNVERIFIED = {"ssl_cert_reqs": ("none", "optional"), "ssl_check_hostname": ("false", "no", "0")}


def redis_from_url(url: str) -> redis.Redis:
    """
    Return a client for short commands; each command ends or fails within half a second.

    With all connections in use a call waits for the connect timeout and then fails: threads must not queue behind a
    slow Redis.
    """
    limits = limits_for("redis")
    return _client(url, read_seconds=limits.read_timeout, pool_wait_seconds=limits.connect_timeout)


def blocking_redis_from_url(url: str, *, seconds: float = BLOCKING_SECONDS) -> redis.Redis:
    """Return a client for commands that block up to `seconds`: for stream readers and RQ workers."""
    return _client(url, read_seconds=seconds, pool_wait_seconds=seconds)


def _client(url: str, *, read_seconds: float, pool_wait_seconds: float) -> redis.Redis:
    require_verified_tls("REDIS_URL", url, UNVERIFIED)
    limits = limits_for("redis")
    options: dict[str, Any] = {
        "max_connections": limits.pool,
        "timeout": pool_wait_seconds,
        "socket_connect_timeout": limits.connect_timeout,
        "socket_timeout": read_seconds,
        "retry": Retry(FullJitterBackoff(base=0.005, cap=0.02), limits.attempts - 1, (redis.ConnectionError,)),
        # RESP2: RESP3 adds a handshake for maintenance notifications, which only one vendor's servers send.
        "protocol": 2,
    }
    if url.startswith("rediss://"):
        options |= {"ssl_cert_reqs": "required", "ssl_check_hostname": True}
    pool = redis.BlockingConnectionPool.from_url(url, **options)
    return redis.Redis.from_pool(pool)


class CoolDown:
    """
    Skips an unavailable Redis: after a failure all callers skip it for `seconds`, then one caller tries again.

    Without a cool-down every request of every thread would wait for the same timeout.
    """

    def __init__(self, seconds: float = 1.0, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._skip_until = 0.0
        self._is_cooling = False

    def allows(self) -> bool:
        """Return whether the caller may call Redis now; during an outage True for one caller per period."""
        if not self._is_cooling:
            return True
        with self._lock:
            now = self._clock()
            if now < self._skip_until:
                return False
            self._skip_until = now + self._seconds
            return True

    def failed(self) -> bool:
        """Start or prolong the outage; return True for the failure that starts it."""
        with self._lock:
            is_first = not self._is_cooling
            self._is_cooling = True
            self._skip_until = self._clock() + self._seconds
            return is_first

    def worked(self) -> bool:
        """End the outage; return True if there was one."""
        if not self._is_cooling:
            return False
        with self._lock:
            was_cooling, self._is_cooling = self._is_cooling, False
            return was_cooling
