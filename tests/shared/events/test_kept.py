"""A stream holds what some subscriber has not acknowledged, within its bytes; its publisher keeps the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import redis
from bson import DatetimeMS, ObjectId
from prometheus_client import REGISTRY

from shared.base.clock import frozen, now
from shared.base.settings import StoreSettings
from shared.data.persistence import KEPT_EVENTS, DatabaseHandle
from shared.data.persistence import database as mongo
from shared.events.backlog import notice_of
from shared.events.broker import Message
from shared.events.broker_redis import RedisBroker, RedisSubscription
from shared.events.outbox import Relay
from shared.events.streams import Stream
from shared.events.unpublishable import SET_ASIDE_SECONDS
from tests.shared.toys import SERVICE, Note, stored

STREAM = f"events:{SERVICE}"
FAST, SLOW = "fast", "slow"
LONG = "long text " * 100
SMALL = 64 * 1024


@pytest.fixture
def store(redis_url: str, database: DatabaseHandle) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as connection:
        yield connection


@pytest.fixture
def broker(store: redis.Redis) -> RedisBroker:
    return RedisBroker(store, readers={SERVICE: (FAST, SLOW)}, most_bytes=SMALL)


@pytest.fixture
def relay(broker: RedisBroker) -> Relay:
    return Relay(SERVICE, broker)


@pytest.fixture
def subscribe(broker: RedisBroker) -> Callable[[str], RedisSubscription]:
    return lambda name: broker.subscribe(name, [SERVICE], consumer=f"{name}-1")


def write_notes(*texts: str) -> None:
    for text in texts:
        note = Note()
        note.write(text)
        note.commit()


def relay_all(relay: Relay) -> None:
    while relay.relay_once():
        pass
    while relay.review_once():
        pass


def take(subscription: RedisSubscription) -> list[Message]:
    return [each for each in subscription.receive(wait_seconds=0.01) if isinstance(each, Message)]


def handle(subscription: RedisSubscription) -> list[str]:
    """Acknowledge all that there is to receive and return the texts."""
    texts: list[str] = []
    while messages := take(subscription):
        subscription.acknowledge(messages)
        texts += [each.envelope.fields["text"] for each in messages]
    return texts


def kept() -> list[dict[str, Any]]:
    return list(mongo(SERVICE)[KEPT_EVENTS].find())


def waiting() -> int:
    return Note.collection().count_documents({"outbox.id": {"$exists": True}})


def sleep_for(store: redis.Redis, subscriber: str, milliseconds: int) -> None:
    """Let the subscriber's consumers have been idle for so long: Redis has no clock that a test can set."""
    for each in store.xpending_range(STREAM, subscriber, "-", "+", 10_000):
        store.xclaim(STREAM, subscriber, "late", 0, [each["message_id"]], idle=milliseconds, justid=True)


class TestStream:
    def test_holds_an_event_until_the_last_subscriber_has_acknowledged_it(self, relay, subscribe, store):
        fast, slow = subscribe(FAST), subscribe(SLOW)
        write_notes("hello")
        relay_all(relay)

        handle(fast)
        relay_all(relay)
        assert (len(kept()), store.xlen(STREAM)) == (1, 1)

        handle(slow)
        relay_all(relay)
        assert (len(kept()), store.xlen(STREAM)) == (0, 0)

    def test_takes_no_more_than_its_bytes_while_all_subscribers_run(self, relay, subscribe, store):
        fast, slow = subscribe(FAST), subscribe(SLOW)
        write_notes(*(f"{number} {LONG}" for number in range(300)))
        texts: list[str] = []

        for _ in range(50):
            relay_all(relay)
            assert store.memory_usage(STREAM) < 8 * SMALL  # one batch of the relay may go beyond
            handle(fast)
            texts += handle(slow)

        assert len(texts) == len(set(texts)) == 300
        assert (kept(), waiting(), store.xlen(STREAM)) == ([], 0, 0)

    def test_does_not_wait_for_a_subscriber_that_has_not_run_for_two_minutes(self, relay, subscribe, store, database):
        fast = subscribe(FAST)
        store.xgroup_create(STREAM, SLOW, id="0", mkstream=True)
        texts: list[str] = []
        for number in range(15):
            write_notes(*(f"{number} {each} {LONG}" for each in range(10)))
            relay_all(relay)
            texts += handle(fast)
        assert len(set(texts)) == 150
        assert len(kept()) == 150
        assert store.memory_usage(STREAM) < 2 * SMALL

        slow = subscribe(SLOW)
        late: set[str] = set()
        for _ in range(20):
            late |= set(handle(slow))
            handle(fast)
            relay_all(relay)
        assert late == set(texts)
        assert kept() == []

    def test_sends_again_what_it_dropped_while_a_subscriber_had_received_it(self, relay, subscribe, store):
        slow = subscribe(SLOW)
        fast = subscribe(FAST)
        write_notes("hello")
        relay_all(relay)
        handle(fast)
        assert len(take(slow)) == 1
        store.xtrim(STREAM, maxlen=0, approximate=False)  # as for new events, in a full stream
        sleep_for(store, SLOW, 60_000)

        handle(slow)
        relay_all(relay)

        assert handle(slow) == ["hello"]
        handle(fast)
        relay_all(relay)
        assert kept() == []

    def test_loses_consumers_that_ended_but_none_that_holds_a_message(self, relay, broker, store):
        for name in ("ended", "holding"):
            broker.subscribe(FAST, [SERVICE], consumer=name)
        store.xgroup_createconsumer(STREAM, FAST, "ended")
        write_notes("hello")
        relay_all(relay)
        take(broker.subscribe(FAST, [SERVICE], consumer="holding"))
        broker.subscribe(SLOW, [SERVICE], consumer="one")
        window = Stream(store, SERVICE, (FAST, SLOW), dead_after_milliseconds=0)
        until_idle(store)

        assert window.drop_dead_consumers() == 1

        assert [each["name"] for each in store.xinfo_consumers(STREAM, FAST)] == [b"holding"]

    def test_of_twenty_dead_letters_lists_each_once_after_two_redrives(self, relay, subscribe, store):
        fast, slow = subscribe(FAST), subscribe(SLOW)
        write_notes(*(str(number) for number in range(20)))
        for _ in range(3):
            relay_all(relay)
            for _ in range(6):
                for each in take(slow):
                    slow.reject(each, "ValueError: never")
                sleep_for(store, SLOW, 60_000)
            handle(fast)
            relay_all(relay)
            assert len(slow.dead_letters()) == len(kept()) == 20
            assert slow.redrive() == 20


class TestLostEventThatCannotBePublished:
    WRONG = (
        {"event.occurred_at": "yesterday"},
        {"event": None},
        {"event.fields.text": b"\xe1\x01damaged"},
        {"event.fields.text": ObjectId()},
        {"event.fields.text": DatetimeMS(10**15)},
    )

    @pytest.mark.parametrize("wrong", WRONG, ids=["moment", "nothing", "ciphertext", "type", "date"])
    def test_is_set_aside_for_a_minute_and_counted_each_time(self, broker, subscribe, store, wrong):
        clock = Clock()
        relay = Relay(SERVICE, broker, clock=clock)
        fast, slow = subscribe(FAST), subscribe(SLOW)
        write_notes("bad", "sound")
        relay.relay_once()
        store.flushall()
        [bad] = mongo(SERVICE)[KEPT_EVENTS].find({"event.fields.text": "bad"})
        mongo(SERVICE)[KEPT_EVENTS].update_one({"_id": bad["_id"]}, {"$set": wrong})
        before = not_published()

        for _ in range(10):
            relay.review_once()
        assert (handle(fast), handle(slow)) == (["sound"], ["sound"])
        assert not_published() == before + 1

        clock.now += SET_ASIDE_SECONDS
        for _ in range(10):
            relay.review_once()
        assert not_published() == before + 2

        mongo(SERVICE)[KEPT_EVENTS].update_one({"_id": bad["_id"]}, {"$set": {"event": bad["event"]}})
        clock.now += SET_ASIDE_SECONDS
        relay.review_once()
        assert (handle(fast), handle(slow)) == (["bad"], ["bad"])
        relay.review_once()
        assert kept() == []


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def not_published() -> float:
    return REGISTRY.get_sample_value("events_not_published_total", {"service": SERVICE}) or 0.0


def until_idle(store: redis.Redis) -> None:
    """Return once each consumer was idle for some milliseconds."""
    while any(each["idle"] < 2 for each in store.xinfo_consumers(STREAM, FAST)):
        pass


class TestNotice:
    @pytest.fixture
    def notice(self, settings_of: Callable[..., Any]) -> Callable[[], str | None]:
        return notice_of(SERVICE, settings_of(StoreSettings, SERVICE))

    def test_is_none_while_events_arrive(self, notice, relay, subscribe):
        subscribe(FAST), subscribe(SLOW)
        write_notes("hello")
        relay_all(relay)

        assert notice() is None

    def test_tells_of_an_event_that_waits_for_a_subscriber(self, notice, relay, subscribe):
        write_notes("hello")
        relay_all(relay)

        with frozen(now() + timedelta(minutes=11)):
            assert notice() == "events wait for a subscriber for more than 10 minutes"

    def test_tells_of_a_full_redis(self, notice, store):
        used = store.info("memory")["used_memory"]
        most = store.config_get("maxmemory")["maxmemory"]
        store.config_set("maxmemory", int(used * 1.05))
        try:
            assert "full" in (notice() or "")
        finally:
            store.config_set("maxmemory", most)


class TestMetrics:
    def test_count_what_is_not_acknowledged_and_its_bytes(self, relay, subscribe):
        slow = subscribe(SLOW)
        fast = subscribe(FAST)
        write_notes("hello", "again")
        relay_all(relay)
        labels = {"service": SERVICE}
        assert REGISTRY.get_sample_value("events_unacknowledged", labels) == 2
        assert (REGISTRY.get_sample_value("event_stream_bytes", labels) or 0) > 0

        handle(fast), handle(slow)
        relay_all(relay)
        assert REGISTRY.get_sample_value("events_unacknowledged", labels) == 0


class TestOldEntries:
    def test_of_a_version_before_are_dropped_once_acknowledged(self, relay, subscribe, store):
        fast, slow = subscribe(FAST), subscribe(SLOW)
        note = Note(text="x")
        note.write("hello")
        note.commit()
        relay.relay_once()
        mongo(SERVICE)[KEPT_EVENTS].delete_many({})  # as the version before did not keep it
        handle(fast), handle(slow)
        write_notes("new")
        relay_all(relay)
        handle(fast), handle(slow)
        relay_all(relay)

        assert store.xlen(STREAM) == 0
        assert stored(note.id)["outbox"] == []
