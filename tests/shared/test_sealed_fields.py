"""Encrypted fields: sealed in MongoDB, plain in Python; what older versions stored plain stays readable."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from mongoengine import StringField

from shared.blind_index import blind_index
from shared.encryption import is_sealed, use_keys
from shared.events import Envelope, Event
from shared.outbox import Relay
from shared.persistence import Aggregate, database
from shared.sealed_fields import EncryptedDictField, EncryptedStringField
from shared.settings import KeySettings
from tests.shared import toys


@dataclass(frozen=True)
class LetterWritten(Event):
    name: ClassVar[str] = "toys.letter_written.v1"
    personal: ClassVar[frozenset[str]] = frozenset({"greeting"})
    letter_id: str
    greeting: str | None


class Letter(Aggregate):
    """A letter to somebody."""

    id_prefix = "let"

    recipient = EncryptedStringField(max_length=20)
    facts = EncryptedDictField(default=dict)
    colour = StringField()

    meta = {"collection": "letters", "db_alias": toys.SERVICE}


@pytest.fixture(autouse=True)
def _connected(database) -> Iterator[None]:
    """Every test here writes to the toy database."""
    yield
    Letter.drop_collection()


def raw(letter: Letter) -> dict[str, Any]:
    found = Letter.collection().find_one({"_id": letter.id})
    assert found is not None
    return found


class TestEncryptedField:
    def test_is_sealed_in_the_database_and_plain_in_python(self):
        letter = Letter(recipient="Ann Acme", facts={"number": "SO-1"}).commit()

        assert is_sealed(raw(letter)["recipient"])
        assert is_sealed(raw(letter)["facts"])
        loaded = Letter.get(letter.id)
        assert (loaded.recipient, loaded.facts) == ("Ann Acme", {"number": "SO-1"})

    def test_is_opened_in_hot_reads_too(self):
        letter = Letter(recipient="Ann Acme", facts={"number": "SO-1"}).commit()

        found = Letter.get_fields(letter.id, {})
        assert (found["recipient"], found["facts"]) == ("Ann Acme", {"number": "SO-1"})

    def test_changes_and_goes_with_its_document(self):
        letter = Letter(recipient="Ann Acme").commit()
        letter.recipient = "Bob Acme"
        letter.commit()
        assert Letter.get(letter.id).recipient == "Bob Acme"

        letter.recipient = None
        letter.commit()
        assert "recipient" not in raw(letter)

    def test_keeps_the_rules_of_its_kind(self):
        with pytest.raises(Exception, match="too long"):
            Letter(recipient="x" * 21).commit()

    def test_cannot_be_queried(self):
        with pytest.raises(LookupError, match=r"letters\.recipient is encrypted"):
            Letter.objects(recipient="Ann Acme").first()

    def test_does_not_open_in_another_field(self):
        letter = Letter(recipient="Ann Acme", facts={"number": "SO-1"}).commit()
        Letter.collection().update_one({"_id": letter.id}, {"$set": {"facts": raw(letter)["recipient"]}})

        with pytest.raises(Exception, match=r"letters\.facts cannot be decrypted"):
            Letter.get(letter.id)


class TestPlainFromBefore:
    @pytest.fixture
    def old(self):
        Letter.collection().insert_one({"_id": "let_old", "version": 1, "recipient": "Ann Acme", "facts": {"a": 1}})
        return "let_old"

    def test_is_read_as_it_is(self, old):
        assert Letter.get(old).recipient == "Ann Acme"
        assert Letter.get_fields(old, {})["facts"] == {"a": 1}

    def test_is_sealed_by_the_next_write(self, old):
        letter = Letter.get(old)
        letter.colour = "blue"
        letter.commit()

        assert is_sealed(raw(letter)["recipient"])
        assert is_sealed(raw(letter)["facts"])
        assert Letter.get(old).recipient == "Ann Acme"


class Published:
    """A broker that keeps what it is given."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []

    def publish(self, envelopes) -> None:
        self.envelopes += envelopes


class TestOutbox:
    def test_holds_personal_fields_sealed_and_publishes_them_plain(self):
        letter = Letter()
        letter.record(LetterWritten(letter_id=letter.id, greeting="Dear Ann"))
        letter.record(LetterWritten(letter_id=letter.id, greeting=None))
        letter.commit()
        published = Published()

        first, second = (entry["fields"] for entry in raw(letter)["outbox"])
        assert is_sealed(first["greeting"])
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
