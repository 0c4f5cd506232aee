"""Cache in Redis: one of many concurrent callers computes a value, and an unavailable Redis costs little time."""

from __future__ import annotations

import secrets
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any, TypeVar, cast

import orjson
from redis import Redis
from redis.exceptions import RedisError

from shared.base import deadline
from shared.data.redis_client import CoolDown
from shared.observe.metrics import counter
from shared.observe.observability import get_logger

T = TypeVar("T")
log = get_logger()

# Longer than any computation: the lock of a process that crashed expires after it.
LOCK_SECONDS = 5.0
WAIT_SECONDS = 0.5
_POLL_SECONDS = 0.02
# The token shows that the lock is still ours: it may have expired and be held by another process.
_RELEASE = 'if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("del", KEYS[1]) end return 0'
_MISSING = object()

_lookups = counter("cache_lookups_total", "Lookups in the shared cache.", ("cache", "outcome"))
_cool_downs: weakref.WeakKeyDictionary[Any, CoolDown] = weakref.WeakKeyDictionary()
_cool_downs_lock = threading.Lock()


class Cache:
    """
    Values under `<prefix>:<key>`, stored as JSON: lists, mappings, strings, numbers and None.

    It fails open: while Redis is unavailable every `get_or_compute` computes.
    The key must name everything that the value depends on (company, price list, currency).
    """

    def __init__(self, store: Redis, prefix: str, *, cool_down: CoolDown | None = None) -> None:
        self._store = store
        self._prefix = prefix
        self._cool_down = cool_down or _shared_cool_down(store)
        self._hits = _lookups.labels(prefix, "hit")
        self._misses = _lookups.labels(prefix, "miss")

    def get_or_compute(self, key: str, ttl_seconds: float, compute: Callable[[], T]) -> T:
        """
        Return the cached value, or compute it and store it for `ttl_seconds`.

        Of concurrent callers in any process one computes; the others wait at most half a second (less with an earlier
        deadline), then compute too. An exception of `compute` is raised and not stored.
        """
        found = self._find(key)
        if found is not _MISSING:
            return cast(T, found)
        lock, token = f"{self._name(key)}:lock", secrets.token_hex(8)
        is_ours = self._call(lambda: self._store.set(lock, token, nx=True, px=int(LOCK_SECONDS * 1000)), True)
        if not is_ours:
            found = self._await(key, lock)
            if found is not _MISSING:
                return cast(T, found)
        try:
            value = compute()
            self._put(key, value, ttl_seconds)
        finally:
            if is_ours:
                self._call(lambda: self._store.eval(_RELEASE, 1, lock, token), None)
        return value

    def _put(self, key: str, value: Any, ttl_seconds: float) -> None:
        """Store `value` for `ttl_seconds`; raise TypeError for a value without JSON form."""
        content = orjson.dumps(value)
        self._call(lambda: self._store.set(self._name(key), content, px=max(1, int(ttl_seconds * 1000))), None)

    def _name(self, key: str) -> str:
        return f"{self._prefix}:{key}"

    def _find(self, key: str) -> Any:
        content = self._call(lambda: self._store.get(self._name(key)), None)
        found = _MISSING if content is None else _parsed(cast(bytes, content))
        (self._misses if found is _MISSING else self._hits).inc()
        return found

    def _await(self, key: str, lock: str) -> Any:
        """Return the value that another caller computes; _MISSING if its lock, our wait or deadline ends first."""
        wait_ends = time.monotonic() + deadline.within(WAIT_SECONDS)
        while time.monotonic() < wait_ends:
            time.sleep(_POLL_SECONDS)
            answer = self._call(lambda: self._store.mget(self._name(key), lock), [None, None])
            content, locked_by = cast("list[bytes | None]", answer)
            if content is not None:
                return _parsed(content)
            if locked_by is None:
                break
        return _MISSING

    def _call(self, command: Callable[[], Any], otherwise: Any) -> Any:
        """Return the answer of Redis; `otherwise` while Redis is unavailable."""
        if not self._cool_down.allows():
            return otherwise
        try:
            answer = command()
        except RedisError as error:
            if self._cool_down.failed():
                log.warning("cache_unavailable", cache=self._prefix, failure=type(error).__name__)
            return otherwise
        if self._cool_down.worked():
            log.info("cache_available", cache=self._prefix)
        return answer


def _parsed(content: bytes) -> Any:
    """Return the value; malformed content (stored by another version) counts as missing."""
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return _MISSING


def _shared_cool_down(store: Redis) -> CoolDown:
    """Return the cool-down of the connection pool: all caches of one Redis share it."""
    with _cool_downs_lock:
        return _cool_downs.setdefault(store.connection_pool, CoolDown())
