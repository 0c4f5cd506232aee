"""Redis cache-aside: one caller computes what many want, and a dead Redis costs next to nothing."""

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

# Longer than a computation should take; a computer that died frees the key after it.
LOCK_SECONDS = 5.0
WAIT_SECONDS = 0.5
_POLL_SECONDS = 0.02
# Only the one who took a lock may give it up: by then it may have run out and be somebody else's.
_RELEASE = 'if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("del", KEYS[1]) end return 0'
_MISSING = object()

_lookups = counter("cache_lookups_total", "Lookups in the shared cache.", ("cache", "outcome"))
_cool_downs: weakref.WeakKeyDictionary[Any, CoolDown] = weakref.WeakKeyDictionary()
_cool_downs_lock = threading.Lock()


class Cache:
    """
    Values under `<prefix>:<key>`, as JSON: what comes back are plain lists, mappings, strings, numbers and None.

    It fails open: without Redis every `get_or_compute` computes, every `get` misses, every `delete` does nothing.
    Put into the key everything that the value depends on (company, price list, currency).
    """

    def __init__(self, store: Redis, prefix: str, *, cool_down: CoolDown | None = None) -> None:
        self._store = store
        self._prefix = prefix
        self._cool_down = cool_down or _shared_cool_down(store)
        self._hits = _lookups.labels(prefix, "hit")
        self._misses = _lookups.labels(prefix, "miss")

    def get_or_compute(self, key: str, ttl_seconds: float, compute: Callable[[], T]) -> T:
        """
        Return the cached value, or compute it and keep it for `ttl_seconds`.

        Of many who miss at once, in any process, one computes; the others wait for it half a second at most (less
        when their deadline is nearer), then compute for themselves. What `compute` raises is raised and not kept.
        """
        found = self._find(key)
        if found is not _MISSING:
            return cast(T, found)
        lock, token = f"{self._name(key)}:lock", secrets.token_hex(8)
        is_ours = self._ask(lambda: self._store.set(lock, token, nx=True, px=int(LOCK_SECONDS * 1000)), True)
        if not is_ours:
            found = self._await(key, lock)
            if found is not _MISSING:
                return cast(T, found)
        try:
            value = compute()
            self.put(key, value, ttl_seconds)
        finally:
            if is_ours:
                self._ask(lambda: self._store.eval(_RELEASE, 1, lock, token), None)
        return value

    def get(self, key: str, default: Any = None) -> Any:
        found = self._find(key)
        return default if found is _MISSING else found

    def put(self, key: str, value: Any, ttl_seconds: float) -> None:
        """Keep `value` for `ttl_seconds`; raises TypeError for what has no JSON form."""
        content = orjson.dumps(value)
        self._ask(lambda: self._store.set(self._name(key), content, px=max(1, int(ttl_seconds * 1000))), None)

    def delete(self, *keys: str) -> None:
        """Forget these keys, after a change of what they were computed from."""
        if keys:
            self._ask(lambda: self._store.delete(*map(self._name, keys)), None)

    def _name(self, key: str) -> str:
        return f"{self._prefix}:{key}"

    def _find(self, key: str) -> Any:
        content = self._ask(lambda: self._store.get(self._name(key)), None)
        found = _MISSING if content is None else _parsed(cast(bytes, content))
        (self._misses if found is _MISSING else self._hits).inc()
        return found

    def _await(self, key: str, lock: str) -> Any:
        """Return what another is computing; _MISSING once it gave up, or our patience or deadline ends."""
        patience_ends = time.monotonic() + deadline.within(WAIT_SECONDS)
        while time.monotonic() < patience_ends:
            time.sleep(_POLL_SECONDS)
            answer = self._ask(lambda: self._store.mget(self._name(key), lock), [None, None])
            content, locked_by = cast("list[bytes | None]", answer)
            if content is not None:
                return _parsed(content)
            if locked_by is None:
                break
        return _MISSING

    def _ask(self, command: Callable[[], Any], otherwise: Any) -> Any:
        """Return Redis' answer, or `otherwise` without it."""
        if not self._cool_down.allows():
            return otherwise
        try:
            answer = command()
        except RedisError as error:
            if self._cool_down.failed():
                log.warning("cache_away", cache=self._prefix, failure=type(error).__name__)
            return otherwise
        if self._cool_down.worked():
            log.info("cache_back", cache=self._prefix)
        return answer


def _parsed(content: bytes) -> Any:
    """Return the value; what cannot be read (another version wrote it) counts as missing."""
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return _MISSING


def _shared_cool_down(store: Redis) -> CoolDown:
    """One cool-down per connection pool: a Redis that is away is away for every cache that uses it."""
    with _cool_downs_lock:
        return _cool_downs.setdefault(store.connection_pool, CoolDown())
