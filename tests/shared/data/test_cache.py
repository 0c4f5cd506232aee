"""The cache with a real Redis, and with an unavailable one."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis
from redis.exceptions import RedisError

from shared.base import deadline
from shared.data.cache import Cache
from shared.data.redis_client import CoolDown, blocking_redis_from_url, redis_from_url


@pytest.fixture
def store(redis_url: str) -> Iterator[Redis]:
    with redis_from_url(redis_url) as connection:
        yield connection


@pytest.fixture
def cache(store: Redis) -> Cache:
    return Cache(store, "prices")


class Source:
    """A computation that counts its calls."""

    def __init__(self, answer: object = 1, seconds: float = 0.0) -> None:
        self.answer = answer
        self.seconds = seconds
        self.calls = 0

    def __call__(self) -> object:
        self.calls += 1
        time.sleep(self.seconds)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class TestGetOrCompute:
    @pytest.mark.parametrize("answer", [{"A": [1, "ü", None]}, None, [], 0])
    def test_computes_once(self, cache, answer):
        source = Source(answer)

        assert [cache.get_or_compute("k", 10, source) for _ in range(3)] == [answer] * 3
        assert source.calls == 1

    def test_computes_again_after_the_ttl(self, cache):
        source = Source()
        cache.get_or_compute("k", 0.05, source)
        time.sleep(0.07)
        cache.get_or_compute("k", 0.05, source)

        assert source.calls == 2

    def test_lets_one_of_many_compute(self, cache):
        source = Source(seconds=0.1)

        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda _: cache.get_or_compute("k", 10, source), range(16)))

        assert answers == [1] * 16
        assert source.calls == 1

    def test_waits_for_another_caller_at_most_half_a_second(self, cache, store):
        store.set("prices:k:lock", "another", px=5000)
        started_at = time.monotonic()

        assert cache.get_or_compute("k", 10, Source("mine")) == "mine"
        assert 0.4 < time.monotonic() - started_at < 0.9
        assert store.get("prices:k:lock") == b"another"

    def test_waits_at_most_until_the_deadline(self, cache, store):
        store.set("prices:k:lock", "another", px=5000)
        started_at = time.monotonic()

        with deadline.start(0.1):
            cache.get_or_compute("k", 10, Source())

        assert time.monotonic() - started_at < 0.3

    def test_stores_no_failure_and_releases_the_lock(self, cache, store):
        with pytest.raises(KeyError):
            cache.get_or_compute("k", 10, Source(KeyError("x")))

        assert store.keys("prices:*") == []
        assert cache.get_or_compute("k", 10, Source(2)) == 2

    def test_computes_after_the_lock_expired(self, cache, store):
        store.set("prices:k:lock", "another", px=60)
        started_at = time.monotonic()

        assert cache.get_or_compute("k", 10, Source()) == 1
        assert time.monotonic() - started_at < 0.3

    def test_treats_malformed_content_as_missing(self, cache, store):
        store.set("prices:k", b"\x80pickle")

        assert cache.get_or_compute("k", 10, Source("new")) == "new"


class TestWithoutRedis:
    @pytest.fixture
    def silent_url(self) -> Iterator[str]:
        """A server that accepts connections and never answers."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"

    def test_computes_every_time_and_waits_for_one_timeout_only(self, silent_url):
        with redis_from_url(silent_url) as store:
            cache, source = Cache(store, "prices"), Source()
            started_at = time.monotonic()
            for _ in range(50):
                assert cache.get_or_compute("k", 10, source) == 1
            seconds = time.monotonic() - started_at

        assert source.calls == 50
        assert seconds < 0.6

    def test_shares_the_cool_down_between_caches_of_one_redis(self, silent_url):
        with redis_from_url(silent_url) as store:
            Cache(store, "prices").get_or_compute("k", 10, Source())
            started_at = time.monotonic()
            Cache(store, "catalog").get_or_compute("k", 10, Source())

        assert time.monotonic() - started_at < 0.1

    def test_uses_redis_again_a_second_later(self, redis_url, ticker):
        cool_down = CoolDown(clock=ticker)
        with redis_from_url(redis_url) as store:
            cache = Cache(store, "prices", cool_down=cool_down)
            cool_down.failed()
            assert cache.get_or_compute("k", 10, Source("past redis")) == "past redis"
            assert not store.exists("prices:k")

            ticker.advance(1)
            cache.get_or_compute("k", 10, Source("kept"))

            assert cache.get_or_compute("k", 10, Source("again")) == "kept"


class TestCoolDown:
    def test_allows_one_caller_per_second(self, ticker):
        cool_down = CoolDown(clock=ticker)
        assert cool_down.failed()
        assert not cool_down.failed()
        ticker.advance(1)
        barrier = threading.Barrier(8)

        def call(_: int) -> bool:
            barrier.wait()
            return cool_down.allows()

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(call, range(8))).count(True) == 1

        assert cool_down.worked()
        assert cool_down.allows()
        assert not cool_down.worked()


class TestRedisClient:
    def test_fails_fast_on_a_closed_port(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        for connect in (redis_from_url, blocking_redis_from_url):
            started_at = time.monotonic()
            with connect(f"redis://127.0.0.1:{port}/0") as store, pytest.raises(RedisError):
                store.get("k")
            assert time.monotonic() - started_at < 0.5

    def test_lets_a_consumer_block_on_the_server(self, redis_url):
        with blocking_redis_from_url(redis_url) as store:
            started_at = time.monotonic()
            assert store.blpop(["nothing"], timeout=1) is None
            assert time.monotonic() - started_at > 0.9

    def test_fails_when_all_connections_are_in_use(self, redis_url):
        with redis_from_url(redis_url) as store:
            pool = store.connection_pool
            taken = [pool.get_connection() for _ in range(pool.max_connections)]
            started_at = time.monotonic()
            with pytest.raises(RedisError):
                store.get("k")
            for connection in taken:
                pool.release(connection)

            assert time.monotonic() - started_at < 0.5
            assert store.ping()
