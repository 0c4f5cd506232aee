"""Deliveries that are not an event, of any shape: dead letters after five receives, and no other event waits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import msgspec
import orjson
import pytest
from prometheus_client import REGISTRY

from shared.data.events import SUBSCRIBERS, Envelope, Event, EventUnreadable, Handler
from shared.events.broker import MAX_ATTEMPTS, Delivery, Subscription
from shared.events.broker_sqs import MOST_CONTENT_BYTES
from shared.events.worker import Consumer
from tests.shared.brokers import RedisTwin, Twin, behind_gate, sns_twin
from tests.shared.toys import SERVICE, NoteWritten

WRONG: dict[str, list[Any]] = {
    "id": [{"a": 1}, ["evt_1"], 1, True, None, 1.5, "", "x" * 300],
    "name": [["toys.note_written.v1"], {"a": 1}, 5, None, False, "", "toys", "a.b", ".x.v1", "A B.c.v1", "x" * 300],
    "aggregate_id": [{"a": 1}, [], 7, None, ""],
    "version": ["1", None, 1.5, True, [], {}],
    "occurred_at": ["yesterday", "", 5, None, [], {}, "2026-13-01T00:00:00+00:00", "2026-01-01T00:00:00", "2026-01-01"],
    "trace": ["text", 5, None, [], True, {"request_id": 1}, {"request_id": None}, {"traceparent": ["a"]}],
    "fields": ["text", 5, None, [], True],
}
NOT_DOCUMENTS = {
    "empty": b"", "not JSON": b"{not json", "cut off": b'{"id": "evt_1"', "not UTF-8": b'{"id": "\xff\xfe"}',
    "binary": bytes(range(256)), "a list": b"[]", "a number": b"5", "text": b'"text"', "null": b"null",
    "an empty object": b"{}", "nested deeply": b"[" * 100_000, "half a character": b'{"id": "\\ud800"}',
    "a huge number": b'{"version": 1e999}', "huge": b'{"id": "' + b"x" * 2_000_000 + b'"}',
}  # fmt: skip


def document(**changes: Any) -> dict[str, Any]:
    envelope = Envelope.wrap(NoteWritten(text="hello"), aggregate_id="note_1", version=1)
    return envelope.to_document() | changes


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in document().items() if key != name}


SHAPES: dict[str, list[bytes]] = {
    "no envelope": list(NOT_DOCUMENTS.values()),
    "field missing": [orjson.dumps(without(name)) for name in WRONG],
    **{name: [orjson.dumps(document(**{name: value})) for value in values] for name, values in WRONG.items()},
}
# One of each field, written as an envelope that once stopped a consumer.
NAMED = [{"name": ["a"]}, {"id": {"a": 1}}, {"trace": "text"}, {"occurred_at": "soon"}]


@dataclass(frozen=True)
class NotesSorted(Event):
    """An event with a struct in a list."""

    name: ClassVar[str] = "toys.notes_sorted.v1"

    class Place(msgspec.Struct, frozen=True):
        note_id: str
        position: int

    places: list[Place]
    by: str | None = None


@pytest.fixture(params=["redis", "sns"])
def twin(request: pytest.FixtureRequest) -> Iterator[Twin]:
    if request.param == "redis":
        with behind_gate(RedisTwin(request.getfixturevalue("redis_url"))) as twin:
            yield twin
    else:
        with sns_twin(request.getfixturevalue("aws")) as twin:
            yield twin


class Recorded:
    """The subscription of the twin; it keeps what was received and rejected, and makes retries due."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        self._real: Subscription = twin.broker.subscribe(SERVICE, [SERVICE], consumer="one")
        self.receives = 0

    def reject(self, message: Delivery, reason: str) -> None:
        self.receives += 1
        self._real.reject(message, reason)
        if message.attempts < MAX_ATTEMPTS:
            self._twin.make_due([message])

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


@pytest.fixture
def subscription(twin: Twin) -> Recorded:
    return Recorded(twin)


@pytest.fixture(params=[False, True], ids=["single", "batch"])
def seen(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """The texts that a handler of the toy service was called with."""
    texts: list[str] = []

    def read_note(event: NoteWritten) -> None:
        texts.append(event.text)

    def read_notes(events: list[NoteWritten]) -> None:
        texts.extend(event.text for event in events)

    function = read_notes if request.param else read_note
    SUBSCRIBERS[NoteWritten.name].append(Handler(SERVICE, NoteWritten, function, is_batch=request.param))
    yield texts
    SUBSCRIBERS.pop(NoteWritten.name, None)


def sound(text: str) -> bytes:
    return orjson.dumps(Envelope.wrap(NoteWritten(text=text), aggregate_id="note_1", version=1).to_document())


def consume_all(subscription: Recorded) -> None:
    consumer = Consumer(SERVICE, subscription)
    while consumer.consume_once(wait_seconds=0.01):
        pass


class TestUnreadable:
    @pytest.mark.parametrize("changes", NAMED)
    def test_delays_no_other_event_of_its_batch(self, twin, subscription, seen, database, changes):
        for content in (sound("before"), orjson.dumps(document(**changes)), sound("after")):
            twin.put_event(content)
        Consumer(SERVICE, subscription).consume_once(wait_seconds=0.01)

        assert sorted(seen) == ["after", "before"]
        assert subscription.dead_letters() == []

    @pytest.mark.parametrize("shape", SHAPES)
    def test_is_parked_after_five_receives(self, twin, subscription, seen, database, shape):
        for number, content in enumerate(SHAPES[shape]):
            twin.put_event(content)
            twin.put_event(sound(f"{number:02}"))
        consume_all(subscription)

        assert sorted(seen) == [f"{number:02}" for number in range(len(SHAPES[shape]))]
        assert subscription.receives == MAX_ATTEMPTS * len(SHAPES[shape])
        letters = subscription.dead_letters()
        assert [letter["reason"][:10] for letter in letters] == ["unreadable"] * len(SHAPES[shape])
        assert subscription.redrive() == 0

    @pytest.mark.parametrize("content", ["{not json", "[]", "{}", '{"Message": 5}', '{"Message": []}', '"text"'])
    def test_is_parked_if_it_is_no_notification(self, twin, subscription, seen, database, content):
        twin.put_rubbish(content)
        consume_all(subscription)

        assert subscription.receives == MAX_ATTEMPTS
        assert ["unreadable" in letter["reason"] for letter in subscription.dead_letters()] == [True]

    def test_is_counted(self, twin, subscription, database):
        def counted() -> float:
            return REGISTRY.get_sample_value("events_unreadable_total", {"subscriber": SERVICE}) or 0.0

        before = counted()
        twin.put_event(b"[]")
        Consumer(SERVICE, subscription).consume_once(wait_seconds=0.01)

        assert counted() == before + 1

    def test_reason_has_no_value_of_the_event(self):
        for name, values in WRONG.items():
            for value in values:
                with pytest.raises(EventUnreadable) as caught:
                    Envelope.from_document(document(**{name: value}))
                assert len(str(caught.value)) < 150


class TestFieldsOfAnotherType:
    @pytest.mark.parametrize(
        "fields", [{}, {"text": 5}, {"text": None}, {"text": ["a"]}, {"text": {"a": 1}}, {"other": "a"}]
    )
    def test_are_parked_after_five_receives_and_delay_no_other(self, twin, subscription, seen, database, fields):
        twin.put_event(orjson.dumps(document(fields=fields)))
        twin.put_event(sound("good"))
        consume_all(subscription)

        assert seen == ["good"]
        assert ["ValidationError" in letter["reason"] or "event_parked" in letter["reason"]
                for letter in subscription.dead_letters()] == [True]  # fmt: skip

    @pytest.mark.parametrize(
        "fields",
        [
            {"places": 5}, {"places": {}}, {"places": [5]}, {"places": [{}]}, {"places": [{"note_id": "a"}]},
            {"places": [{"note_id": "a", "position": "1"}]}, {"places": [{"note_id": ["a"], "position": 1}]},
            {"places": [], "by": 5},
        ],
    )  # fmt: skip
    def test_are_refused_in_nested_structs(self, fields):
        with pytest.raises(msgspec.ValidationError):
            NotesSorted.from_fields(fields)


class TestReadable:
    @pytest.mark.parametrize(
        "changes",
        [
            {"further": {"field": 1}}, {"trace": {}}, {"trace": {"request_id": "\x00\x1b", "traceparent": "x" * 5000}},
            {"occurred_at": "0001-01-01T00:00:00+14:00"}, {"occurred_at": "9999-12-31T23:59:59-14:00"},
            {"version": 2**63}, {"fields": {"text": "hello", "further": [{}]}},
        ],
    )  # fmt: skip
    def test_is_handled_whatever_else_it_has(self, twin, subscription, seen, database, changes):
        twin.put_event(orjson.dumps(document(**changes)))
        consume_all(subscription)

        assert seen == ["hello"]
        assert subscription.dead_letters() == []

    def test_packed_content_is_unpacked_up_to_a_limit(self, aws, database):
        with sns_twin(aws) as twin:
            subscription = Recorded(twin)
            twin.put_event(b" " * (MOST_CONTENT_BYTES + 1) + sound("bomb"))
            consume_all(subscription)

            assert subscription.receives == MAX_ATTEMPTS
