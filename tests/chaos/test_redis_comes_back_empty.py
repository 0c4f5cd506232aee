"""Redis comes back empty at any point of any event's way: no subscriber loses it, and none handles it twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import redis

from shared.base.ids import new_id
from shared.base.settings import KeySettings
from shared.data.encrypted_events import to_outbox
from shared.data.encryption import use_keys
from shared.data.events import SUBSCRIBERS, Envelope, Event, Handler
from shared.data.persistence import KEPT_EVENTS, DatabaseHandle, database
from shared.events import inbox
from shared.events.broker import MAX_ATTEMPTS
from shared.events.broker_redis import RedisBroker
from shared.events.catalog import READERS
from shared.events.outbox import Relay, aggregates_of
from shared.events.worker import Consumer
from tests.chaos.samples import pairs, sample

PAIRS = pairs()


class Way:
    """One event on its way from its publisher to one subscriber, step by step, with the other subscribers beside it."""

    def __init__(self, event: type[Event], subscriber: str, store: redis.Redis) -> None:
        self.event, self.subscriber, self.store = event, subscriber, store
        self.publisher = event.name.split(".", 1)[0]
        self.stream = f"events:{self.publisher}"
        self.broker = RedisBroker(store)
        self.handled: list[str] = []
        self.is_failing = False
        SUBSCRIBERS[event.name] = [self._recording(each) for each in SUBSCRIBERS[event.name]]
        self.relay = Relay(self.publisher, self.broker)
        self.consumers = {each: self._consumer(each) for each in READERS[self.publisher]}
        envelope = Envelope.wrap(sample(event), aggregate_id="agg_1", version=1)
        self.event_id = envelope.id
        entry = to_outbox(self.publisher, envelope, event)
        aggregates_of(self.publisher)[0].collection().insert_one({"_id": new_id("agg"), "outbox": [entry]})

    def _recording(self, handler: Handler) -> Handler:
        def run(*_: object) -> None:
            if handler.service == self.subscriber:
                if self.is_failing:
                    raise ValueError("it fails")
                self.handled.append(handler.name)

        run.__name__ = handler.run.__name__
        return replace(handler, run=run)

    def _consumer(self, service: str) -> Consumer:
        return Consumer(service, self.broker.subscribe(service, [self.publisher], consumer="one"))

    def publish(self) -> None:
        self.relay.relay_once()

    def receive(self) -> None:
        self.broker.subscribe(self.subscriber, [self.publisher], consumer="dead").receive(wait_seconds=0.01)

    def handle(self) -> None:
        self.consumers[self.subscriber].consume_once(wait_seconds=0.01)

    def handle_by_all(self) -> None:
        for each in self.consumers.values():
            each.consume_once(wait_seconds=0.01)

    def park(self) -> None:
        self.is_failing = True
        for _ in range(MAX_ATTEMPTS):
            self.handle()
            self._make_due()
        self.is_failing = False
        assert len(self.dead_letters()) == 1
        self.handle_by_all()
        self.review()

    def redrive(self) -> None:
        assert self.broker.subscribe(self.subscriber, [], consumer="operator").redrive() == 1

    def review(self) -> None:
        self.relay.review_once()

    def flush(self) -> None:
        self.store.flushdb()

    def dead_letters(self) -> list[dict[str, str]]:
        return self.broker.subscribe(self.subscriber, [], consumer="operator").dead_letters()

    def kept(self) -> list[dict[str, Any]]:
        return list(database(self.publisher)[KEPT_EVENTS].find())

    def arrive(self) -> None:
        """Let everything run until nothing is left to do."""
        for _ in range(4):
            self.publish()
            self.review()
            self._make_due()
            for each in self.consumers.values():
                while each.consume_once(wait_seconds=0.01):
                    pass

    def _make_due(self) -> None:
        for group in READERS[self.publisher] if self.store.exists(self.stream) else ():
            for each in self.store.xpending_range(self.stream, group, "-", "+", 100):
                self.store.xclaim(
                    self.stream, group, "one", 0, [each["message_id"]],
                    idle=60_000, retrycount=int(each["times_delivered"]), justid=True,
                )  # fmt: skip


POINTS: dict[str, Callable[[Way], list[Callable[[], None]]]] = {
    "recorded": lambda way: [],
    "published": lambda way: [way.publish],
    "reviewed": lambda way: [way.publish, way.review],
    "received": lambda way: [way.publish, way.receive],
    "received_and_read_by_others": lambda way: [way.publish, way.receive, way.handle_by_all],
    "handled": lambda way: [way.publish, way.handle],
    "handled_by_all": lambda way: [way.publish, way.handle_by_all],
    "acknowledged": lambda way: [way.publish, way.handle_by_all, way.review],
    "parked": lambda way: [way.publish, way.park],
    "sent_again": lambda way: [way.publish, way.park, way.redrive],
    "sent_again_and_reviewed": lambda way: [way.publish, way.park, way.redrive, way.review],
    "flushed_before": lambda way: [way.publish, way.flush, way.publish, way.review],
}


@pytest.fixture(scope="module")
def databases(mongodb_url: Callable[[str], str], key_file: str) -> None:
    for service in {*READERS, *(reader for readers in READERS.values() for reader in readers)}:
        use_keys(service, KeySettings(key_file=key_file))
        DatabaseHandle(service, mongodb_url(service))
        inbox.ensure_indexes(service)


@pytest.fixture
def make_way(databases: None, redis_url: str) -> Iterator[Callable[[type[Event], str], Way]]:
    known = {name: list(handlers) for name, handlers in SUBSCRIBERS.items()}
    with redis.Redis.from_url(redis_url) as store:
        yield lambda event, subscriber: Way(event, subscriber, store)
    SUBSCRIBERS.update(known)


def test_every_event_has_subscribers() -> None:
    assert {event.name for event, _ in PAIRS} >= {"orders.order_confirmed.v1", "orders.order_shipped.v1"}


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize(("event", "subscriber"), PAIRS, ids=lambda each: getattr(each, "name", each))
def test_no_event_is_lost(
    make_way: Callable[[type[Event], str], Way], event: type[Event], subscriber: str, point: str
) -> None:
    way = make_way(event, subscriber)
    for step in POINTS[point](way):
        step()

    way.flush()
    way.arrive()

    handlers = [each.name for each in SUBSCRIBERS[event.name] if each.service == subscriber]
    assert sorted(way.handled) == sorted(handlers)
    assert way.dead_letters() == []
    assert way.kept() == []
    assert way.store.xlen(way.stream) == 0
