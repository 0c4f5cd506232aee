"""Pooled HTTP connections that know whether they are fresh, and whole answers read within a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import IO, Any
from urllib.parse import urlsplit

import orjson
from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool
from urllib3._collections import HTTPHeaderDict
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
    TimeoutError,
)
from urllib3.util import Retry, Timeout

# Shorter than the servers' keep-alive, so that it is we who close an idle connection.
IDLE_SECONDS = 20.0
LARGEST_ANSWER_BYTES = 64 * 1024 * 1024
_LARGE_BODY_BYTES = 64 * 1024
_PIECE_BYTES = 256 * 1024
_NO_RETRY = Retry(False, redirect=False)
_local = threading.local()


class ConnectionBroken(Exception):
    """
    No answer: `reason` is `timeout` or `connection`.

    `is_stale` says that a pooled connection broke before any answer, which servers cause by closing idle ones.
    """

    def __init__(self, reason: str, *, is_stale: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_stale = is_stale


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole HTTP answer."""

    status: int
    headers: HTTPHeaderDict
    content: bytes

    def json(self) -> Any:
        """Return the parsed body, None when there is none; raise ValueError when it is not JSON."""
        return orjson.loads(self.content) if self.content else None


class _FreshnessMixin:
    """Remembers when a connection was last used, and tells this thread when a call had to open one."""

    _used_at = 0.0

    def connect(self) -> None:
        _local.is_fresh = True
        super().connect()  # type: ignore[misc]

    def request(self, *args: Any, **kwargs: Any) -> None:
        now = time.monotonic()
        is_old = _local.wants_fresh or now - self._used_at > IDLE_SECONDS
        if is_old and self.sock is not None:  # type: ignore[attr-defined]
            self.close()  # type: ignore[attr-defined]
        self._used_at = now
        super().request(*args, **kwargs)  # type: ignore[misc]


class _Connection(_FreshnessMixin, HTTPConnection):
    pass


class _SecureConnection(_FreshnessMixin, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


_pools: dict[tuple[str, str, int | None], HTTPConnectionPool] = {}
_pools_lock = threading.Lock()


def pool_for(base_url: str, *, size: int) -> HTTPConnectionPool:
    """Return this process's pool for the origin of `base_url`; all clients of one origin share it."""
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{base_url!r} is not an http(s) address")
    kind = _SecurePool if parts.scheme == "https" else _Pool
    key = (parts.scheme, parts.hostname, parts.port)
    with _pools_lock:
        if key not in _pools:
            _pools[key] = kind(parts.hostname, parts.port, maxsize=size, block=False)
        return _pools[key]


def pools_for(base_url: str, *, size: int) -> Callable[[], HTTPConnectionPool]:
    """
    Return what gives each call its pool: always the same, or those of a `cloudmap://` service's instances in turn.

    It raises ConnectionBroken while no instance is known.
    """
    if not base_url.startswith("cloudmap://"):
        pool = pool_for(base_url, size=size)
        return lambda: pool
    addresses = import_module("shared.calls.cloud_map").addresses_of(base_url)

    def next_pool() -> HTTPConnectionPool:
        try:
            host, port = addresses.pick()
        except OSError as failure:
            raise ConnectionBroken("connection") from failure
        return pool_for(f"http://{host}:{port}", size=size)

    return next_pool


def close_pools() -> None:
    """Close every idle connection; the next call opens a new one."""
    with _pools_lock:
        for pool in _pools.values():
            pool.close()
        _pools.clear()


def exchange(
    pool: HTTPConnectionPool,
    method: str,
    target: str,
    *,
    headers: dict[str, str],
    body: bytes | IO[bytes] | None,
    connect_seconds: float,
    total_seconds: float,
    on_fresh: bool = False,
) -> Answer:
    """
    Send one request and read the whole answer within `total_seconds`; raise ConnectionBroken otherwise.

    `on_fresh` opens a new connection even where the pool has one.
    """
    expires_at = time.monotonic() + total_seconds
    if body is not None and not (isinstance(body, bytes) and len(body) <= _LARGE_BODY_BYTES):
        # urllib3 sends under the connect timeout: a large body to a busy server needs longer than a handshake.
        connect_seconds = total_seconds
    _local.is_fresh = False
    _local.wants_fresh = on_fresh
    try:
        response = pool.urlopen(
            method,
            target,
            body=body,
            headers=headers,
            retries=_NO_RETRY,
            redirect=False,
            assert_same_host=False,
            timeout=Timeout(total=total_seconds, connect=min(connect_seconds, total_seconds)),
            preload_content=False,
            decode_content=False,
        )
        return Answer(response.status, response.headers, _read(response, expires_at))  # type: ignore[arg-type]
    except NewConnectionError as error:
        raise ConnectionBroken("connection") from error
    except (ConnectTimeoutError, ReadTimeoutError, TimeoutError) as error:
        raise ConnectionBroken("timeout") from error
    except (HTTPError, OSError) as error:
        is_stale = not _local.is_fresh and isinstance(error, (ProtocolError, OSError))
        raise ConnectionBroken("connection", is_stale=is_stale) from error


def _read(response: HTTPResponse, expires_at: float) -> bytes:
    """Read the body; a socket's timeout alone would let an upstream drip for ever."""
    pieces: list[bytes] = []
    size = 0
    while piece := response.read1(_PIECE_BYTES, decode_content=False):
        pieces.append(piece)
        size += len(piece)
        if size > LARGEST_ANSWER_BYTES or time.monotonic() > expires_at:
            response.close()
            raise ConnectionBroken("timeout" if size <= LARGEST_ANSWER_BYTES else "connection")
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)
