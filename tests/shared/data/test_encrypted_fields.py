"""Encrypted fields: encrypted in MongoDB, plain in Python; plain values of older versions stay readable."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from mongoengine import StringField

from shared.base.settings import KeySettings
from shared.data.blind_index import blind_index
from shared.data.encrypted_fields import EncryptedDictField, EncryptedStringField
from shared.data.encryption import is_encrypted, use_keys
from shared.data.events import Envelope, Event
from shared.data.persistence import Aggregate, database
from shared.events.broker import Publisher
from shared.events.outbox import Relay
from tests.shared import toys


@dataclass(frozen=True)
class MemoWritten(Event):
    name: ClassVar[str] = "toys.memo_written.v1"
    personal: ClassVar[frozenset[str]] = frozenset({"greeting"})
    memo_id: str
    greeting: str | None


class Memo(Aggregate):
    """A memo to a person."""

    id_prefix = "mem"

    recipient = EncryptedStringField(max_length=20)
    facts = EncryptedDictField(default=dict)
    colour = StringField()

    meta = {"collection": "memos", "db_alias": toys.SERVICE}


@pytest.fixture(autouse=True)
def _connected(database) -> Iterator[None]:
    """Every test here writes to the toy database."""
    yield
    Memo.drop_collection()


def raw(memo: Memo) -> dict[str, Any]:
    found = Memo.collection().find_one({"_id": memo.id})
    assert found is not None
    return found


class TestEncryptedField:
    def test_is_encrypted_in_the_database_and_plain_in_python(self):
        memo = Memo(recipient="Ann Acme", facts={"number": "SO-1"}).commit()

        assert is_encrypted(raw(memo)["recipient"])
        assert is_encrypted(raw(memo)["facts"])
        loaded = Memo.get(memo.id)
        assert (loaded.recipient, loaded.facts) == ("Ann Acme", {"number": "SO-1"})

    def test_is_decrypted_in_reads_by_pymongo_too(self):
        memo = Memo(recipient="Ann Acme", facts={"number": "SO-1"}).commit()

        found = Memo.get_fields(memo.id, {})
        assert (found["recipient"], found["facts"]) == ("Ann Acme", {"number": "SO-1"})

    def test_changes_and_goes_with_its_document(self):
        memo = Memo(recipient="Ann Acme").commit()
        memo.recipient = "Bob Acme"
        memo.commit()
        assert Memo.get(memo.id).recipient == "Bob Acme"

        memo.recipient = None
        memo.commit()
        assert "recipient" not in raw(memo)

    def test_keeps_the_rules_of_its_kind(self):
        with pytest.raises(Exception, match="too long"):
            Memo(recipient="x" * 21).commit()

    def test_cannot_be_queried(self):
        with pytest.raises(LookupError, match=r"memos\.recipient is encrypted"):
            Memo.objects(recipient="Ann Acme").first()

    def test_cannot_be_decrypted_in_another_field(self):
        memo = Memo(recipient="Ann Acme", facts={"number": "SO-1"}).commit()
        Memo.collection().update_one({"_id": memo.id}, {"$set": {"facts": raw(memo)["recipient"]}})

        with pytest.raises(Exception, match=r"memos\.facts cannot be decrypted"):
            Memo.get(memo.id)


class TestPlainFromBefore:
    @pytest.fixture
    def old(self):
        Memo.collection().insert_one({"_id": "mem_old", "version": 1, "recipient": "Ann Acme", "facts": {"a": 1}})
        return "mem_old"

    def test_is_returned_as_it_is(self, old):
        assert Memo.get(old).recipient == "Ann Acme"
        assert Memo.get_fields(old, {})["facts"] == {"a": 1}

    def test_is_encrypted_by_the_next_write(self, old):
        memo = Memo.get(old)
        memo.colour = "blue"
        memo.commit()

        assert is_encrypted(raw(memo)["recipient"])
        assert is_encrypted(raw(memo)["facts"])
        assert Memo.get(old).recipient == "Ann Acme"


class Published(Publisher):
    """A broker that collects the published events."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []

    def publish(self, envelopes) -> list[str]:
        self.envelopes += envelopes
        return []


class TestOutbox:
    def test_has_personal_fields_encrypted_and_publishes_them_plain(self):
        memo = Memo()
        memo.record(MemoWritten(memo_id=memo.id, greeting="Dear Ann"))
        memo.record(MemoWritten(memo_id=memo.id, greeting=None))
        memo.commit()
        published = Published()

        first, second = (entry["fields"] for entry in raw(memo)["outbox"])
        assert is_encrypted(first["greeting"])
        assert second["greeting"] is None
        assert Relay(toys.SERVICE, published).relay_once() == 2
        assert [each.fields["greeting"] for each in published.envelopes] == ["Dear Ann", None]


class TestBlindIndex:
    def test_is_equal_for_equal_values_of_one_name(self):
        assert blind_index(toys.SERVICE, "a", "ann") == blind_index(toys.SERVICE, "a", "ann")
        assert blind_index(toys.SERVICE, "a", "ann") != blind_index(toys.SERVICE, "b", "ann")
        assert blind_index(toys.SERVICE, "a", "ann") != blind_index(toys.SERVICE, "a", "bob")

    def test_is_the_same_in_another_process(self, key_file):
        first = blind_index(toys.SERVICE, "a", "ann")
        use_keys(toys.SERVICE, KeySettings(key_file=key_file))  # nothing is remembered, as in a new process

        assert blind_index(toys.SERVICE, "a", "ann") == first

    def test_is_made_with_a_key_that_is_stored_wrapped(self):
        blind_index(toys.SERVICE, "a", "ann")
        stored = database(toys.SERVICE)["index_keys"].find_one({})

        assert stored is not None
        assert len(stored["wrapped"]) > 32
