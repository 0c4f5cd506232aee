"""From the outbox through the broker to a handler: delivered at least once, handled once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import redis
from prometheus_client import REGISTRY

from shared.base.clock import now
from shared.base.errors import VersionConflict
from shared.data.events import SUBSCRIBERS, Envelope, Handler
from shared.data.persistence import DatabaseHandle
from shared.events import broker as broker_module
from shared.events import inbox
from shared.events.broker import BrokerFailed, Publisher
from shared.events.broker_redis import RedisBroker
from shared.events.outbox import Relay
from shared.events.worker import Consumer
from shared.observe.tracing import current_request_id
from tests.shared.toys import SERVICE, Note, NoteWritten, stored

STREAM = "events:toys"


@pytest.fixture
def store(redis_url: str, database: DatabaseHandle) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as connection:
        yield connection


@pytest.fixture
def broker(store: redis.Redis) -> RedisBroker:
    return RedisBroker(store)


@pytest.fixture
def relay(broker: RedisBroker) -> Relay:
    return Relay(SERVICE, broker)


@pytest.fixture
def subscribe(broker: RedisBroker) -> Iterator[Callable[..., Consumer]]:
    """Register a function as the toy service's handler and return a consumer: `subscribe(function, batch=False)`."""

    def build(function, *, batch: bool = False) -> Consumer:
        SUBSCRIBERS[NoteWritten.name].append(Handler(SERVICE, NoteWritten, function, batch))
        return Consumer(SERVICE, broker.subscribe(SERVICE, [SERVICE], consumer="one"))

    yield build
    SUBSCRIBERS.pop(NoteWritten.name, None)


def write_note(text: str = "hello") -> Note:
    note = Note()
    note.write(text)
    return note.commit()


def consume(consumer: Consumer) -> int:
    return consumer.consume_once(wait_seconds=0.01)


def come_back(store: redis.Redis, seconds: float = 60) -> None:
    """Make every pending delivery `seconds` old, so that its next attempt is due."""
    for each in store.xpending_range(STREAM, SERVICE, "-", "+", 100):
        store.xclaim(
            STREAM, SERVICE, "one", 0, [each["message_id"]],
            idle=int(seconds * 1000), retrycount=int(each["times_delivered"]), justid=True,
        )  # fmt: skip


class TestRelay:
    def test_publishes_recorded_events_and_empties_the_outbox(self, relay, store):
        note = write_note()

        assert relay.relay_once() == 1
        assert store.xlen(STREAM) == 1
        assert stored(note.id)["outbox"] == []
        assert relay.relay_once() == 0

    def test_keeps_events_while_the_broker_is_unavailable(self, database):
        class Away(Publisher):
            def publish(self, envelopes):
                raise BrokerFailed("gone")

        note = write_note()
        with pytest.raises(BrokerFailed):
            Relay(SERVICE, Away()).relay_once()

        assert len(stored(note.id)["outbox"]) == 1

    def test_keeps_an_event_that_is_recorded_while_it_publishes(self, database):
        note = write_note("first")

        class Slow(Publisher):
            def publish(self, envelopes):
                list(envelopes)
                again = Note.get(note.id)
                again.write("second")
                again.commit()
                return []

        Relay(SERVICE, Slow()).relay_once()

        left = stored(note.id)["outbox"]
        assert [each["fields"]["text"] for each in left] == ["second"]

    def test_runs_in_one_of_several_workers_and_wakes_at_once(self, broker, store):
        stopping = threading.Event()
        relays = [Relay(SERVICE, broker) for _ in range(2)]
        threads = [threading.Thread(target=each.run, args=(stopping,)) for each in relays]
        for thread in threads:
            thread.start()
        try:
            for number in range(30):
                write_note(str(number))
            give_up_at = time.monotonic() + 10
            while store.xlen(STREAM) < 30 and time.monotonic() < give_up_at:
                time.sleep(0.02)
            assert store.xlen(STREAM) == 30
            time.sleep(0.1)
            assert store.xlen(STREAM) == 30
        finally:
            stopping.set()
            for thread in threads:
                thread.join()

    def test_finds_waiting_events_by_an_index(self, database):
        plan = Note.collection().find({"outbox.id": {"$exists": True}}).explain()["queryPlanner"]["winningPlan"]

        assert plan["inputStage"]["stage"] == "IXSCAN"


class TestConsumer:
    def test_calls_a_handler_once_for_a_duplicate_event(self, relay, broker, subscribe):
        seen: list[str] = []
        consumer = subscribe(lambda event: seen.append(event.text))
        note = write_note()
        envelope = Envelope.from_document(stored(note.id)["outbox"][0])
        broker.publish([envelope, envelope])
        relay.relay_once()

        while consume(consumer):
            pass
        assert seen == ["hello"]

    @pytest.mark.parametrize("batch", [False, True])
    def test_calls_a_handler_once_for_a_duplicate_event_of_a_later_batch(self, broker, subscribe, batch):
        """Within one batch equal events are one task; only the inbox recognises a duplicate that comes later."""
        calls: list[object] = []
        consumer = subscribe(calls.append, batch=batch)
        envelope = Envelope.from_document(stored(write_note().id)["outbox"][0])

        for _ in range(2):
            broker.publish([envelope])
            assert consume(consumer) == 1

        assert len(calls) == 1

    def test_repeats_a_handler_whose_worker_was_killed_before_the_inbox_write(self, relay, subscribe, store):
        seen: list[str] = []
        consumer = subscribe(lambda event: seen.append(event.text))
        write_note()
        relay.relay_once()
        consumer._subscription.receive(wait_seconds=0.01)  # a worker takes it and dies

        come_back(store)
        consume(consumer)
        assert seen == ["hello"]
        assert store.xpending(STREAM, SERVICE)["pending"] == 0

    def test_retries_a_failure_later_without_delaying_others(self, relay, subscribe, store):
        seen: list[str] = []

        def handler(event):
            if event.text == "poison" and "poison-failed" not in seen:
                seen.append("poison-failed")
                raise ValueError("not today")
            seen.append(event.text)

        consumer = subscribe(handler)
        write_note("poison")
        write_note("fine")
        relay.relay_once()
        consume(consumer)
        assert sorted(seen) == ["fine", "poison-failed"]
        assert consume(consumer) == 0  # not due yet

        come_back(store)
        consume(consumer)
        assert sorted(seen) == ["fine", "poison", "poison-failed"]

    def test_parks_a_failing_event_after_five_attempts_and_redrives_it(self, relay, subscribe, store):
        failing = [True]

        def handler(event):
            if failing[0]:
                raise ValueError("never")

        consumer = subscribe(handler)
        write_note()
        relay.relay_once()
        for _ in range(broker_module.MAX_ATTEMPTS):
            consume(consumer)
            come_back(store)

        subscription = consumer._subscription
        assert [letter["reason"] for letter in subscription.dead_letters()] == ["ValueError: never"]
        assert store.xpending(STREAM, SERVICE)["pending"] == 0
        failing[0] = False
        assert subscription.redrive() == 1
        assert consume(consumer) == 1
        assert subscription.dead_letters() == []

    def test_parks_an_unreadable_message(self, subscribe, store):
        consumer = subscribe(lambda event: None)
        store.xadd(STREAM, {"event": b"{not json"})
        store.xadd(STREAM, {"other": b"field"})

        for _ in range(broker_module.MAX_ATTEMPTS):
            assert consumer._subscription.dead_letters() == []
            assert consume(consumer) == 2
            come_back(store)
        assert len(consumer._subscription.dead_letters()) == 2

    def test_finds_the_failing_event_in_a_batch(self, relay, subscribe):
        seen: list[str] = []

        def handler(events):
            if any(event.text == "poison" for event in events):
                raise ValueError("poison")
            seen.extend(event.text for event in events)

        consumer = subscribe(handler, batch=True)
        for text in ("a", "poison", "b"):
            write_note(text)
        relay.relay_once()
        consume(consumer)

        assert sorted(seen) == ["a", "b"]

    def test_retries_a_handler_at_once_after_a_version_conflict(self, relay, subscribe):
        races = [VersionConflict(), VersionConflict(), None]

        def handler(event):
            outcome = races.pop(0)
            if outcome:
                raise outcome

        consumer = subscribe(handler)
        write_note()
        relay.relay_once()
        consume(consumer)
        assert races == []

    def test_creates_its_streams_again_when_redis_lost_its_data(self, relay, subscribe, store):
        seen: list[str] = []
        consumer = subscribe(lambda event: seen.append(event.text))
        store.flushdb()
        consume(consumer)

        write_note()
        relay.relay_once()
        consume(consumer)
        assert seen == ["hello"]

    def test_counts_handled_events_and_their_lag(self, relay, subscribe, hold_clock):
        def counted() -> tuple[float, float, float]:
            handled = {"handler": "toys.read_note", "outcome": "handled"}
            lag = {"subscriber": SERVICE}
            return (
                REGISTRY.get_sample_value("events_handled_total", handled) or 0.0,
                REGISTRY.get_sample_value("event_lag_seconds_count", lag) or 0.0,
                REGISTRY.get_sample_value("event_lag_seconds_sum", lag) or 0.0,
            )

        def read_note(event: NoteWritten) -> None:
            """Take note."""

        consumer = subscribe(read_note)
        before = counted()
        write_note()
        relay.relay_once()
        hold_clock(now() + timedelta(seconds=30))
        consume(consumer)
        handled, times, seconds = (after - earlier for after, earlier in zip(counted(), before, strict=True))

        assert (handled, times) == (1, 1)
        assert 30 <= seconds < 60

    def test_carries_the_request_id_to_the_handler(self, relay, subscribe, writer):
        seen: list[str] = []
        consumer = subscribe(lambda event: seen.append(current_request_id()))
        body = {
            "text": "a",
            "sku": "a",
            "price": {"amount": 1, "currency": "GBP"},
            "total": {"amount": 1, "currency": "GBP"},
        }
        writer.post("/v1/notes", json=body, headers={"X-Request-ID": "req-from-the-browser"})
        relay.relay_once()
        consume(consumer)

        assert seen == ["req-from-the-browser"]


class TestInbox:
    def test_has_a_row_per_handler(self, database):
        inbox.remember(SERVICE, [inbox.row("evt_1", "toys.a")])
        inbox.remember(SERVICE, [inbox.row("evt_1", "toys.a"), inbox.row("evt_2", "toys.a")])

        assert inbox.seen(SERVICE, ["evt_1:toys.a", "evt_2:toys.a", "evt_1:toys.b"]) == {"evt_1:toys.a", "evt_2:toys.a"}
