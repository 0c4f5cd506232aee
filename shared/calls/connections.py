"""Pools of idle connections, one per origin and process."""

from __future__ import annotations

import atexit
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from importlib import import_module
from urllib.parse import urlsplit

from shared.calls.failures import Unreachable
from shared.calls.wire import Connection

# Shorter than the servers' keep-alive, so that the client closes an idle connection first.
IDLE_SECONDS = 20.0


class Pool:
    """Idle connections to one origin, the latest used first; safe to share between threads."""

    def __init__(self, host: str, port: int, *, size: int, tls: ssl.SSLContext | None = None) -> None:
        self._host = host
        self._port = port
        self._size = size
        self._tls = tls
        self._idle: deque[Connection] = deque()

    def take_idle(self) -> Connection | None:
        """Return a connection that was used a moment ago and is still open, None when there is none."""
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return None
            if time.monotonic() - connection.idle_since < IDLE_SECONDS and not connection.is_stale():
                return connection
            connection.close()

    def connect(self, *, connect_seconds: float, expires_at: float) -> Connection:
        """Return a new connection; raise Unreachable, or TimeoutError when the call has no time left."""
        seconds = max(0.01, min(connect_seconds, expires_at - time.monotonic()))
        try:
            return Connection(self._host, self._port, seconds=seconds, tls=self._tls)
        except OSError as failure:
            if isinstance(failure, TimeoutError) and time.monotonic() >= expires_at:
                raise
            raise Unreachable(f"{self._host}:{self._port} cannot be reached") from failure

    def give_back(self, connection: Connection) -> None:
        """Keep a connection whose response was read to its end; close it when the pool is full."""
        connection.idle_since = time.monotonic()
        if len(self._idle) < self._size:
            self._idle.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        """Close the idle connections; the next call opens a new one."""
        while self._idle:
            self._idle.pop().close()


_pools: dict[tuple[str, str, int | None], Pool] = {}
_pools_lock = threading.Lock()


def pool_for(url: str, *, size: int) -> Pool:
    """Return this process's pool for the origin of `url`; all clients of one origin share it."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url!r} is not an http(s) address")
    key = (parts.scheme, parts.hostname, parts.port)
    with _pools_lock:
        if key not in _pools:
            tls = ssl.create_default_context() if parts.scheme == "https" else None
            _pools[key] = Pool(parts.hostname, parts.port or (443 if tls else 80), size=size, tls=tls)
        return _pools[key]


def pools_for(url: str, *, size: int) -> Callable[[], Pool]:
    """
    Return what gives each call its pool: always the same, or those of a `cloudmap://` service's instances in turn.

    It raises Unreachable while no instance is known.
    """
    if not url.startswith("cloudmap://"):
        pool = pool_for(url, size=size)
        return lambda: pool
    addresses = import_module("shared.calls.cloud_map").addresses_of(url)

    def next_pool() -> Pool:
        try:
            host, port = addresses.pick()
        except OSError as failure:
            raise Unreachable("no instance is known") from failure
        return pool_for(f"http://{host}:{port}", size=size)

    return next_pool


def close_pools() -> None:
    """Close every idle connection of this process; the next call opens a new one."""
    with _pools_lock:
        for pool in _pools.values():
            pool.close()
        _pools.clear()


atexit.register(close_pools)
