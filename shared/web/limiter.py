"""Rate limits: token buckets in Redis, leased several tokens at a time so that most calls need no round trip."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from shared.observe.observability import get_logger

log = get_logger()

REDIS_SECONDS = 0.2
REDIS_CONNECTIONS = 16
LEASE_SECONDS = 1.0
LEASE_SHARE = 0.1
LARGEST_LEASE = 100
RECONNECT_SECONDS = 1.0
MAX_LEASES = 20_000
STRICT_FALLBACK_SHARE = 0.25

# One round trip for all buckets of a call: every bucket grants, or none does.
TAKE_TOKENS = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local granted = tonumber(ARGV[1])
local held = {}
for i, key in ipairs(KEYS) do
  local rate, burst = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  local saved = redis.call('HMGET', key, 'tokens', 'at')
  local tokens, at = tonumber(saved[1]) or burst, tonumber(saved[2]) or now
  held[i] = math.min(burst, tokens + math.max(0, now - at) * rate / 1000)
  granted = math.min(granted, math.floor(held[i]))
end
local left, wait = math.huge, 0
for i, key in ipairs(KEYS) do
  local rate, burst = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  if held[i] < 1 then wait = math.max(wait, math.ceil((1 - held[i]) * 1000 / rate)) end
  held[i] = held[i] - granted
  left = math.min(left, math.floor(held[i]))
  redis.call('HSET', key, 'tokens', tostring(held[i]), 'at', now)
  redis.call('PEXPIRE', key, math.ceil(burst * 1000 / rate) + 1000)
end
return {granted, left, wait}
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """`rate` calls per second on average, `burst` at once; a `strict` one is counted exactly and fails closed."""

    name: str
    rate: float
    burst: int
    strict: bool = False

    @classmethod
    def parse(cls, name: str, text: str, *, strict: bool = False) -> Limit:
        """Read `<rate>/<burst>`; raise ValueError naming the limit."""
        rate, _, burst = text.partition("/")
        try:
            limit = cls(name, float(rate), int(burst), strict)
        except ValueError as fault:
            raise ValueError(f"The limit {name} is {text!r}; it must look like 50/300") from fault
        if not 0 < limit.rate < math.inf or limit.burst < 1:
            raise ValueError(f"The limit {name} is {text!r}; both numbers must be above 0")
        return limit

    @property
    def lease(self) -> int:
        return 1 if self.strict else max(1, min(LARGEST_LEASE, int(self.burst * LEASE_SHARE)))

    @property
    def policy(self) -> str:
        return f'"{self.name}";q={self.burst};w={max(1, math.ceil(self.burst / self.rate))}'


@dataclass(frozen=True, slots=True)
class Bucket:
    """One client's bucket of a limit; `client` is a user id, an address or a digest, never a name."""

    limit: Limit
    client: str

    @property
    def key(self) -> str:
        return f"limit:{self.limit.name}:{self.client}"


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a call is allowed, how many calls are left, and the seconds to wait when it is not."""

    limit: Limit
    is_allowed: bool
    left: int
    wait_seconds: float = 0.0

    def headers(self) -> list[tuple[str, str]]:
        """Return the `RateLimit` fields (draft-ietf-httpapi-ratelimit-headers-10)."""
        until_full = math.ceil((self.limit.burst - self.left) / self.limit.rate)
        return [
            ("RateLimit-Policy", self.limit.policy),
            ("RateLimit", f'"{self.limit.name}";r={self.left};t={until_full}'),
        ]


@dataclass(slots=True)
class _Lease:
    """Tokens fetched ahead; under its lock one thread fetches while the client's other threads wait."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    tokens: int = 0
    left: int = 0
    expires_at: float = 0.0
    refused_until: float = 0.0


@dataclass(slots=True)
class _LocalBucket:
    tokens: float
    at: float


class Limiter:
    """Takes tokens for calls; while Redis is unavailable each process counts alone, strict limits at a quarter."""

    def __init__(self, redis_url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        pool = redis.BlockingConnectionPool.from_url(
            redis_url,
            max_connections=REDIS_CONNECTIONS,
            timeout=REDIS_SECONDS,
            socket_timeout=REDIS_SECONDS,
            socket_connect_timeout=REDIS_SECONDS,
            retry=Retry(NoBackoff(), 1),
        )
        self._redis = redis.Redis(connection_pool=pool)
        self._script = self._redis.register_script(TAKE_TOKENS)
        self._clock = clock
        self._leases: dict[str, _Lease] = {}
        self._local: dict[str, _LocalBucket] = {}
        self._local_lock = threading.Lock()
        self._unavailable_until = 0.0

    def check(self) -> None:
        """Raise the error of Redis when it is unavailable."""
        self._redis.ping()

    def close(self) -> None:
        self._redis.close()

    def take(self, buckets: Sequence[Bucket]) -> Decision:
        """Take one token from every bucket, or from none."""
        limit = buckets[0].limit
        if len(buckets) > 1 or limit.strict:
            granted, left, wait = self._fetch(buckets, 1)
            return Decision(limit, granted > 0, left, wait)
        return self._take_leased(buckets[0])

    def _take_leased(self, bucket: Bucket) -> Decision:
        lease = self._lease(bucket.key)
        with lease.lock:
            now = self._clock()
            if lease.tokens < 1 or now >= lease.expires_at:
                if now < lease.refused_until:
                    return Decision(bucket.limit, False, 0, lease.refused_until - now)
                granted, lease.left, wait = self._fetch([bucket], bucket.limit.lease)
                if not granted:
                    lease.refused_until = now + min(wait, LEASE_SECONDS)
                    return Decision(bucket.limit, False, 0, wait)
                lease.tokens, lease.expires_at = granted, now + LEASE_SECONDS
            lease.tokens -= 1
            return Decision(bucket.limit, True, lease.left + lease.tokens)

    def _lease(self, key: str) -> _Lease:
        lease = self._leases.get(key)
        if lease is None:
            if len(self._leases) >= MAX_LEASES:
                self._leases.clear()
            lease = self._leases.setdefault(key, _Lease())
        return lease

    def _fetch(self, buckets: Sequence[Bucket], wanted: int) -> tuple[int, int, float]:
        """Return the tokens granted, the tokens left, and the seconds to wait when none was granted."""
        if self._clock() >= self._unavailable_until:
            sizes: list[Any] = [size for each in buckets for size in (each.limit.rate, each.limit.burst)]
            try:
                granted, left, wait = self._script(keys=[each.key for each in buckets], args=[wanted, *sizes])
            except redis.RedisError as failure:
                self._unavailable_until = self._clock() + RECONNECT_SECONDS
                log.warning("limits_counted_locally", failure=type(failure).__name__)
            else:
                return granted, left, wait / 1000
        return self._fetch_locally(buckets, wanted)

    def _fetch_locally(self, buckets: Sequence[Bucket], wanted: int) -> tuple[int, int, float]:
        now = self._clock()
        with self._local_lock:
            if len(self._local) >= MAX_LEASES:
                self._local.clear()
            held = [self._local_bucket(each, now) for each in buckets]
            granted = min(wanted, *(int(local.tokens) for local in held))
            for local in held:
                local.tokens -= granted
        left = min(int(local.tokens) for local in held)
        rates = [_local_size(each.limit)[0] for each in buckets]
        wait = max((1 - local.tokens) / rate for local, rate in zip(held, rates, strict=True))
        return granted, left, 0.0 if granted else max(0.0, wait)

    def _local_bucket(self, bucket: Bucket, now: float) -> _LocalBucket:
        rate, burst = _local_size(bucket.limit)
        local = self._local.setdefault(bucket.key, _LocalBucket(burst, now))
        local.tokens = min(burst, local.tokens + (now - local.at) * rate)
        local.at = now
        return local


def _local_size(limit: Limit) -> tuple[float, float]:
    """Return rate and burst for one process counting alone: less for a strict limit, which must fail closed."""
    if not limit.strict:
        return limit.rate, float(limit.burst)
    return limit.rate * STRICT_FALLBACK_SHARE, max(1.0, limit.burst * STRICT_FALLBACK_SHARE)
