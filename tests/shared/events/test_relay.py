"""The relay during failures: it retries unavailable parts, and an unpublishable event delays no other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from shared.base import aws as clients
from shared.base import limits
from shared.base.settings import KeySettings
from shared.data.encryption import use_keys
from shared.data.events import Envelope, Event
from shared.events.broker import EventTooLarge, Publisher
from shared.events.outbox import Relay
from tests.shared.gate import Gate
from tests.shared.toys import SERVICE, Note, stored


@dataclass(frozen=True)
class NoteSigned(Event):
    name: ClassVar[str] = "toys.note_signed.v1"
    personal: ClassVar[frozenset[str]] = frozenset({"signer"})
    signer: str


class Published(Publisher):
    """A broker that collects events and refuses those in `too_large`."""

    def __init__(self) -> None:
        self.events: list[Envelope] = []
        self.too_large: set[str] = set()
        self.fault: Exception | None = None

    def publish(self, envelopes: Iterable[Envelope]) -> list[str]:
        if self.fault is not None:
            raise self.fault
        wanted = list(envelopes)
        for each in wanted:
            if each.id in self.too_large:
                raise EventTooLarge(each.id, "it is too large")
        self.events += wanted
        return []

    def signers(self) -> set[str]:
        return {each.fields["signer"] for each in self.events}


class Stopping(threading.Event):
    """Comes once something was published; whoever pauses has `meanwhile` happen instead, a hundred times at most."""

    def __init__(self, published: Published, meanwhile: Callable[[], None]) -> None:
        super().__init__()
        self._published = published
        self._meanwhile = meanwhile
        self._pauses = 0

    def is_set(self) -> bool:
        return bool(self._published.events) or self._pauses >= 100

    def wait(self, timeout: float | None = None) -> bool:
        self._pauses += 1
        self._meanwhile()
        return self.is_set()


@pytest.fixture
def published() -> Published:
    return Published()


def sign(signer: str) -> Note:
    note = Note(text="signed")
    note.record(NoteSigned(signer=signer))
    return note.commit()


def outbox_of(note: Note) -> list[dict[str, Any]]:
    return list(stored(note.id)["outbox"])


@pytest.fixture
def kms(aws, database, key_file, monkeypatch):
    """Keys of the toy service in KMS, behind a gate."""
    key = clients.client("kms").create_key()["KeyMetadata"]["Arn"]
    gate = Gate(int(aws.rsplit(":", 1)[1]))
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{gate.port}")
    monkeypatch.setenv("LIMIT_KMS_ATTEMPTS", "1")
    limits.limits_for.cache_clear()
    clients.client.cache_clear()
    yield gate, KeySettings(key_backend="kms", kms_key_id=key)
    gate.shut()
    monkeypatch.undo()
    limits.limits_for.cache_clear()
    clients.client.cache_clear()
    use_keys(SERVICE, KeySettings(key_file=key_file))


class TestRelay:
    def test_continues_once_the_key_service_is_available(self, published, kms):
        gate, settings = kms
        use_keys(SERVICE, settings)
        sign("Ann")
        use_keys(SERVICE, settings)  # another process: the data key of the first is unknown to it
        gate.shut()
        stopping = Stopping(published, gate.open)

        Relay(SERVICE, published).run(stopping)

        assert published.signers() == {"Ann"}

    def test_continues_after_an_unexpected_error(self, published, database):
        sign("Ann")
        published.fault = RuntimeError("never seen before")

        def mend() -> None:
            published.fault = None

        Relay(SERVICE, published).run(Stopping(published, mend))

        assert published.signers() == {"Ann"}

    def test_publishes_all_events_but_one_that_cannot_be_decrypted(self, published, database):
        spoilt, sound = sign("Ann"), sign("Bob")
        sealed = outbox_of(spoilt)[0]["fields"]["signer"]
        changed = sealed[:-1] + bytes([sealed[-1] ^ 1])
        Note.collection().update_one({"_id": spoilt.id}, {"$set": {"outbox.0.fields.signer": changed}})

        assert Relay(SERVICE, published).relay_once() == 1

        assert published.signers() == {"Bob"}
        assert (len(outbox_of(spoilt)), outbox_of(sound)) == (1, [])

    def test_publishes_all_events_but_one_that_is_too_large(self, published, database):
        giant, sound = sign("Ann"), sign("Bob")
        published.too_large = {outbox_of(giant)[0]["id"]}

        assert Relay(SERVICE, published).relay_once() == 1

        assert published.signers() == {"Bob"}
        assert (len(outbox_of(giant)), outbox_of(sound)) == (1, [])
