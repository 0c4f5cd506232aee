"""The contract of event brokers, for Redis Streams and for SNS with SQS."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from shared.base.errors import SettingsInvalid
from shared.base.settings import StoreSettings
from shared.data.events import SUBSCRIBERS, Envelope, Handler
from shared.events.broker import MAX_ATTEMPTS, BrokerFailed, Message, Subscription, open_broker
from shared.events.outbox import Relay
from shared.events.worker import Consumer
from tests.shared.brokers import RedisTwin, Twin, behind_gate, sns_twin
from tests.shared.toys import SERVICE, Note, NoteWritten, stored


@pytest.fixture(params=["redis", "sns"])
def twin(request: pytest.FixtureRequest) -> Iterator[Twin]:
    if request.param == "redis":
        with behind_gate(RedisTwin(request.getfixturevalue("redis_url"))) as twin:
            yield twin
    else:
        with sns_twin(request.getfixturevalue("aws")) as twin:
            yield twin


@pytest.fixture
def subscription(twin: Twin) -> Subscription:
    return twin.broker.subscribe(SERVICE, [SERVICE], consumer="one")


@pytest.fixture
def consumer_of(subscription: Subscription) -> Iterator[Callable[..., Consumer]]:
    """Register a function as the toy service's handler and return a consumer: `consumer_of(function)`."""

    def build(function: Callable[[NoteWritten], None]) -> Consumer:
        SUBSCRIBERS[NoteWritten.name].append(Handler(SERVICE, NoteWritten, function, is_batch=False))
        return Consumer(SERVICE, subscription)

    yield build
    SUBSCRIBERS.pop(NoteWritten.name, None)


def envelope(text: str = "hello", *, version: int = 1) -> Envelope:
    return Envelope.wrap(NoteWritten(text=text), aggregate_id="note_1", version=version)


def take(subscription: Subscription, **options: int) -> list[Message]:
    return [each for each in subscription.receive(wait_seconds=0.01, **options) if isinstance(each, Message)]


def texts(messages: list[Message]) -> list[str]:
    return sorted(message.envelope.fields["text"] for message in messages)


def park(twin: Twin, subscription: Subscription) -> None:
    for _ in range(MAX_ATTEMPTS):
        for message in take(subscription):
            subscription.reject(message, "ValueError: never")
            if message.attempts < MAX_ATTEMPTS:
                twin.make_due([message])
    assert take(subscription) == []


class TestDelivery:
    def test_delivers_the_whole_event(self, twin, subscription):
        sent = envelope("größer")
        twin.broker.publish([sent])

        assert [message.envelope for message in take(subscription)] == [sent]

    def test_delivers_batches_up_to_the_limit(self, twin, subscription):
        twin.broker.publish(envelope(f"{number:02}") for number in range(45))

        first = taken = take(subscription, limit=30)
        while more := take(subscription):
            taken = taken + more
        assert 10 <= len(first) <= 30  # SQS may give a call fewer than there are
        # Delivery is at least once: moto gives parallel calls one message twice at times, as standard queues do.
        assert sorted(set(texts(taken))) == [f"{number:02}" for number in range(45)]

    def test_does_not_deliver_an_acknowledged_message_again(self, twin, subscription):
        twin.broker.publish([envelope("a"), envelope("b")])
        taken = take(subscription)
        subscription.acknowledge(taken[:1])
        twin.make_due(taken[1:])

        assert texts(take(subscription)) == texts(taken[1:])

    def test_delivers_a_rejected_message_again_later_and_counts_attempts(self, twin, subscription):
        twin.broker.publish([envelope("bad"), envelope("good")])
        taken = {message.envelope.fields["text"]: message for message in take(subscription)}
        subscription.acknowledge([taken["good"]])
        subscription.reject(taken["bad"], "ValueError: not yet")
        assert take(subscription) == []

        twin.make_due([taken["bad"]])
        again = take(subscription)
        assert [(message.envelope, message.attempts) for message in again] == [(taken["bad"].envelope, 2)]

    def test_delivers_a_released_message_to_another_consumer_at_once(self, twin, subscription):
        twin.broker.publish([envelope()])
        subscription.release(take(subscription))

        other = twin.broker.subscribe(SERVICE, [SERVICE], consumer="other")
        assert texts(take(other)) == ["hello"]

    def test_counts_no_attempt_for_a_released_message(self, twin, subscription):
        twin.broker.publish([envelope()])
        for _ in range(2 * MAX_ATTEMPTS):
            subscription.release(take(subscription))

        assert [message.attempts for message in take(subscription)] == [1]
        assert subscription.dead_letters() == []


class TestDeadLetters:
    def test_hold_a_message_after_five_attempts(self, twin, subscription):
        twin.broker.publish([envelope("poison")])
        park(twin, subscription)

        letters = subscription.dead_letters()
        assert ["poison" in letter["event"] for letter in letters] == [True]
        assert subscription.dead_letters() == letters

    def test_are_delivered_again_after_redrive(self, twin, subscription):
        twin.broker.publish([envelope("mended")])
        park(twin, subscription)

        assert subscription.redrive() == 1
        again = take(subscription)
        assert [(message.envelope.fields["text"], message.attempts) for message in again] == [("mended", 1)]
        assert subscription.dead_letters() == []


class TestConsumer:
    def test_runs_a_handler_once_for_duplicates_in_any_order(self, twin, consumer_of, database):
        seen: list[str] = []
        consumer = consumer_of(lambda event: seen.append(event.text))
        second, first = envelope("second", version=2), envelope("first", version=1)
        twin.broker.publish([second, first, second])
        twin.broker.publish([first])

        while consumer.consume_once(wait_seconds=0.01):
            pass
        assert sorted(seen) == ["first", "second"]

    def test_releases_messages_at_a_stop_whose_handlers_did_not_start(self, twin, subscription, consumer_of, database):
        stopping = threading.Event()
        seen: list[str] = []

        def handler(event: NoteWritten) -> None:
            seen.append(event.text)
            stopping.set()

        consumer = consumer_of(handler)
        twin.broker.publish([envelope("a"), envelope("b"), envelope("c")])
        consumer.run(stopping)

        assert len(seen) == 1
        assert sorted(seen + texts(take(subscription))) == ["a", "b", "c"]

    def test_stores_handled_events_before_the_broker_is_unavailable(self, twin, subscription, database):
        class Holdless:
            """A subscription whose broker is unavailable from the second `hold` on."""

            def __init__(self) -> None:
                self.holds = 0

            def hold(self) -> None:
                self.holds += 1
                if self.holds == 2:
                    raise BrokerFailed("away")

            def __getattr__(self, name: str) -> Any:
                return getattr(subscription, name)

        seen: list[str] = []
        handler = Handler(SERVICE, NoteWritten, lambda event: seen.append(event.text), is_batch=False)
        SUBSCRIBERS[NoteWritten.name].append(handler)
        consumer = Consumer(SERVICE, Holdless())
        twin.broker.publish([envelope("a"), envelope("b"), envelope("c")])

        consumer.consume_once(wait_seconds=0.01)
        assert len(seen) == 2
        while consumer.consume_once(wait_seconds=0.01):
            pass
        SUBSCRIBERS.pop(NoteWritten.name)
        assert sorted(seen) == ["a", "b", "c"]

    def test_sends_a_heartbeat_before_each_handler(self, twin, consumer_of, database):
        stopping = threading.Event()
        beats: list[str] = []

        def handler(event: NoteWritten) -> None:
            beats.append(event.text)
            if len([each for each in beats if each != "beat"]) == 3:
                stopping.set()

        consumer = consumer_of(handler)
        twin.broker.publish([envelope("a"), envelope("b"), envelope("c")])
        consumer.run(stopping, beat=lambda: beats.append("beat"))

        assert [beats[index - 1] for index, each in enumerate(beats) if each != "beat"] == ["beat"] * 3

    def test_loses_no_event_while_the_broker_is_unavailable(self, twin, consumer_of, database):
        seen: list[str] = []
        consumer = consumer_of(lambda event: seen.append(event.text))
        relay = Relay(SERVICE, twin.broker)
        note = Note()
        note.write("kept")
        note.commit()

        twin.gate.shut()
        with pytest.raises(BrokerFailed):
            relay.relay_once()
        with pytest.raises(BrokerFailed):
            consumer.consume_once(wait_seconds=0.01)
        assert len(stored(note.id)["outbox"]) == 1

        twin.gate.open()
        relay.relay_once()
        consumer.consume_once(wait_seconds=0.01)
        assert seen == ["kept"]


class TestChoice:
    def test_refuses_an_unknown_broker_by_name(self):
        given = {"REDIS_URL": "redis://x", "MONGODB_URI": "mongodb://x", "EVENT_BROKER": "kafka"}
        with pytest.raises(SettingsInvalid, match="EVENT_BROKER is 'kafka'; it must be one of redis, sns"):
            StoreSettings.from_env(given)
        with pytest.raises(SettingsInvalid, match="EVENT_BROKER is 'kafka'"):
            open_broker("kafka", "redis://x")
