"""Revocations: how soon each process knows them, and what happens without Redis."""

from __future__ import annotations

import threading
import time

import pytest
import redis

from shared.base.errors import Unauthorized
from shared.web.revocations import BATCH, FRESH_SECONDS, KEPT_SECONDS, STREAM, Revocation, Revocations
from shared.web.tokens import USER_AUDIENCE, TokenVerifier

DEAD_REDIS = "redis://127.0.0.1:1/0"


class Clock:
    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(redis_url):
    with redis.Redis.from_url(redis_url) as made:
        yield made


@pytest.fixture
def publisher(store):
    return Revocations(store)


@pytest.fixture
def reader(store, clock):
    return Revocations(store, clock=clock)


class TestReading:
    def test_knows_a_revocation_within_five_seconds(self, publisher, reader, clock):
        assert not reader.covers("ses_a", 100)
        publisher.publish([Revocation("ses_a", 100)])
        clock.ahead += FRESH_SECONDS

        assert reader.covers("ses_a", 100)
        assert reader.covers("ses_a", 40)
        assert not reader.covers("ses_a", 101), "this token was issued afterwards"
        assert not reader.covers("ses_b", 40)

    def test_a_new_process_knows_what_was_revoked_before(self, publisher, reader):
        publisher.publish([Revocation(f"ses_{number}", 100) for number in range(2 * BATCH + 1)])

        assert reader.covers("ses_0", 100)
        assert reader.covers(f"ses_{2 * BATCH}", 100)

    def test_the_latest_bound_counts_in_whatever_order(self, publisher, reader):
        publisher.publish([Revocation("ses_a", 300), Revocation("ses_a", 200)])

        assert reader.covers("ses_a", 300)

    def test_learns_from_a_redis_that_came_back_empty(self, store, publisher, reader, clock):
        publisher.publish([Revocation("ses_a", 100)])
        assert reader.covers("ses_a", 100)
        store.delete(STREAM)
        publisher.publish([Revocation("ses_b", 100)])
        clock.ahead += FRESH_SECONDS

        assert reader.covers("ses_b", 100)
        assert reader.covers("ses_a", 100), "what is known stays known"

    def test_forgets_when_no_token_can_be_alive(self, publisher, reader, clock):
        publisher.publish([Revocation("ses_a", 100)])
        assert reader.covers("ses_a", 100)
        clock.ahead += 2 * KEPT_SECONDS

        assert not reader.covers("ses_a", 100)
        assert reader._known == {}

    def test_the_stream_stays_short(self, store, publisher, clock):
        old = f"{int((time.time() - 2 * KEPT_SECONDS) * 1000)}-0"
        for number in range(300):
            store.xadd(STREAM, {"session": f"ses_{number}", "until": 1}, id=f"{old.partition('-')[0]}-{number + 1}")
        publisher.publish([Revocation("ses_new", 100)])

        assert store.xlen(STREAM) < 200
        assert 0 < store.ttl(STREAM) <= KEPT_SECONDS

    @pytest.mark.parametrize("fields", [{"session": "ses_a"}, {"until": "100"}, {"session": b"\xff", "until": "1"}])
    def test_an_entry_of_another_shape_covers_nothing(self, fields, store, publisher, reader):
        store.xadd(STREAM, fields)
        publisher.publish([Revocation("ses_b", 100)])

        assert reader.covers("ses_b", 100)
        assert not reader.covers("ses_a", 1)


class TestWithoutRedis:
    def test_goes_on_with_what_it_knows(self, publisher, store, clock):
        reader = Revocations(store, clock=clock)
        publisher.publish([Revocation("ses_a", 100)])
        assert reader.covers("ses_a", 100)
        reader._store = redis.Redis.from_url(DEAD_REDIS)
        clock.ahead += 60

        assert reader.covers("ses_a", 100)
        assert not reader.covers("ses_b", 100)

    def test_tries_again_every_five_seconds_only(self, clock):
        reader = Revocations(redis.Redis.from_url("redis://10.255.255.1:6379", socket_connect_timeout=0.3), clock=clock)
        started = time.monotonic()
        for _ in range(200):
            assert not reader.covers("ses_a", 100)

        assert time.monotonic() - started < 2

    def test_requests_do_not_wait_for_each_other(self, store, clock):
        reader = Revocations(store, clock=clock)
        with reader._lock:
            thread = threading.Thread(target=reader.covers, args=("ses_a", 100))
            thread.start()
            thread.join(2)
            assert not thread.is_alive()


class TestVerifier:
    def test_refuses_a_token_that_it_has_accepted_before(self, tokens, publisher, reader, clock):
        verifier = TokenVerifier("toys", tokens, reader)
        token = tokens._signer.mint("usr_x", audience=USER_AUDIENCE, sid="ses_a")
        other = tokens._signer.mint("usr_x", audience=USER_AUDIENCE, sid="ses_b")
        assert verifier.verify(token).session_id == "ses_a"
        publisher.publish([Revocation("ses_a", int(time.time()))])
        clock.ahead += FRESH_SECONDS

        with pytest.raises(Unauthorized):
            verifier.verify(token)
        assert verifier.verify(other).session_id == "ses_b"
