"""Outbox entries that cannot be published, of any shape: their aggregate is set aside, and the relay goes on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import bson
import pytest
from bson import Decimal128, ObjectId
from bson.raw_bson import RawBSONDocument
from prometheus_client import REGISTRY

from shared.events.outbox import BATCH, Relay
from shared.events.unpublishable import SET_ASIDE_SECONDS
from tests.shared.brokers import RedisTwin, Twin, behind_gate, sns_twin
from tests.shared.events.test_broker import take
from tests.shared.events.test_relay import Published, outbox_of, sign
from tests.shared.events.test_unreadable_events import WRONG
from tests.shared.toys import SERVICE, Note, stored

VALUES: list[Any] = [None, 5, True, [], {}, b"bytes", datetime(2026, 1, 1, tzinfo=UTC), ObjectId(), Decimal128("1")]

# What of these is no fault.
RIGHT: dict[str, Any] = {"version": 5, "fields": {}, "trace": {}}


def misshapen(entry: dict[str, Any]) -> list[Any]:
    """Return outboxes that the relay finds and that have one thing wrong."""
    wrong: list[Any] = [
        entry,  # not in a list
        ["text", entry], [entry, 5], [entry, None], [[entry], entry], [{"id": "evt_1"}], [{"id": None}],
    ]  # fmt: skip
    for name, values in WRONG.items():
        wrong += [[entry | {name: value}] for value in [*values, *VALUES] if value != RIGHT.get(name)]
    for name in WRONG.keys() - {"id"}:
        wrong.append([{key: value for key, value in entry.items() if key != name}])
    unknown = [b"bytes", ObjectId(), Decimal128("1"), b"\xe1\x01", b"\xe1\x01\x00\x05abc", [b"bytes"]]
    return wrong + [[entry | {"fields": {"signer": value}}] for value in unknown]


@pytest.fixture
def published() -> Published:
    return Published()


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def set_outbox(note: Note, outbox: Any) -> None:
    Note.collection().update_one({"_id": note.id}, {"$set": {"outbox": outbox}})


class TestMisshapenEntry:
    def test_stops_no_relay_whatever_its_shape(self, published, database):
        outboxes = misshapen(outbox_of(sign("Ann"))[0])
        Note.collection().delete_many({})
        bad = [sign("Bad") for _ in outboxes]
        for note, outbox in zip(bad, outboxes, strict=True):
            set_outbox(note, outbox)
        sound = sign("Bob")

        assert Relay(SERVICE, published).relay_once() == 1

        assert published.signers() == {"Bob"}
        assert outbox_of(sound) == []
        assert [stored(note.id)["outbox"] for note in bad] == outboxes

    def test_leaves_the_events_behind_more_than_a_batch_of_them(self, published, database):
        notes = [Note(text="bad").commit() for _ in range(BATCH + 5)]
        Note.collection().update_many({}, {"$set": {"outbox": [{"id": "evt_1"}]}})
        sign("Bob")

        assert Relay(SERVICE, published).relay_once() == 1
        assert published.signers() == {"Bob"}
        assert len(notes) == BATCH + 5

    def test_holds_back_the_later_events_of_its_aggregate_until_it_is_repaired(self, published, database):
        clock = Clock()
        note = sign("Ann")
        entry = outbox_of(note)[0]
        set_outbox(note, [entry | {"trace": "text"}, entry | {"id": "evt_later"}])
        relay = Relay(SERVICE, published, clock=clock)
        assert relay.relay_once() == 0

        set_outbox(note, [entry, entry | {"id": "evt_later"}])
        assert relay.relay_once() == 0  # set aside
        clock.now = SET_ASIDE_SECONDS
        assert relay.relay_once() == 2
        assert [each.id for each in published.events] == [entry["id"], "evt_later"]

    def test_is_counted_and_logged_once_a_minute_with_its_reason(self, published, database, capsys):
        def counted() -> float:
            return REGISTRY.get_sample_value("events_not_published_total", {"service": SERVICE}) or 0.0

        clock, before = Clock(), counted()
        note = sign("Ann")
        set_outbox(note, [{"id": "evt_1"}])
        relay = Relay(SERVICE, published, clock=clock)
        for seconds in (0, 1, 30, SET_ASIDE_SECONDS):
            clock.now = seconds
            relay.relay_once()

        assert counted() == before + 2
        lines = [line for line in capsys.readouterr().out.splitlines() if "event_not_published" in line]
        assert len(lines) == 2
        assert note.id in lines[0]
        assert "missing required field `name`" in lines[0]

    def test_may_hold_text_that_is_not_utf_8(self, published, database):
        note = sign("Ann")
        row = stored(note.id)
        row["_id"] = "note_spoilt"
        row["outbox"][0]["trace"] = {"request_id": "SPOIL"}
        raw = RawBSONDocument(bson.encode(row).replace(b"SPOIL", b"\xff\xfe\xff\xfe\xff"))
        Note.collection().insert_one(raw)

        assert Relay(SERVICE, published).relay_once() == 1
        assert published.signers() == {"Ann"}


@pytest.fixture(params=["redis", "sns"])
def twin(request: pytest.FixtureRequest) -> Iterator[Twin]:
    if request.param == "redis":
        with behind_gate(RedisTwin(request.getfixturevalue("redis_url"))) as twin:
            yield twin
    else:
        with sns_twin(request.getfixturevalue("aws"), "toys.note_signed.v1") as twin:
            yield twin


class TestBrokers:
    @pytest.mark.parametrize(
        "trace",
        [
            {"event": "toys.other.v1"}, {"encoding": "zip"}, {"": "a"}, {"a b": "c"}, {"x" * 400: "y"},
            {"request_id": "\x00\x01"}, {f"name-{number}": "a" for number in range(20)},
        ],
    )  # fmt: skip
    def test_publish_an_event_with_any_trace(self, twin, database, trace):
        subscription = twin.broker.subscribe(SERVICE, [SERVICE], consumer="one")
        note = sign("Ann")
        set_outbox(note, [outbox_of(note)[0] | {"trace": trace}])
        sign("Bob")

        assert Relay(SERVICE, twin.broker).relay_once() == 2
        assert {each.envelope.fields["signer"] for each in take(subscription)} == {"Ann", "Bob"}
