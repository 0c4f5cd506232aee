"""Events in the outbox of an aggregate, with their personal fields encrypted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from shared.data.encryption import PERSONAL, FieldContext, cipher_of, is_encrypted
from shared.data.events import Envelope, Event


def to_outbox(service: str, envelope: Envelope, event: type[Event]) -> dict[str, Any]:
    """Return the envelope as it is stored, with the personal fields of the event encrypted."""
    stored = envelope.to_document()
    if event.personal:
        encrypted = {name: _encrypted(service, envelope, name) for name in event.personal}
        stored["fields"] = {**stored["fields"], **encrypted}
    return stored


def from_outbox(service: str, stored: object) -> Envelope:
    """
    Return the stored envelope with its fields decrypted, ready to publish.

    Raises EventUnreadable for an entry that is not an event, CiphertextInvalid for one that cannot be decrypted.
    """
    envelope = Envelope.from_document(stored)
    encrypted = {name: value for name, value in envelope.fields.items() if is_encrypted(value)}
    if not encrypted:
        return envelope
    cipher = cipher_of(service)
    decrypted = {name: cipher.decrypt(value, _context(envelope, name)).decode() for name, value in encrypted.items()}
    return replace(envelope, fields={**envelope.fields, **decrypted})


def _encrypted(service: str, envelope: Envelope, name: str) -> bytes | None:
    value = envelope.fields[name]
    return None if value is None else cipher_of(service).encrypt(value.encode(), _context(envelope, name))


def _context(envelope: Envelope, name: str) -> FieldContext:
    return FieldContext(PERSONAL, f"{envelope.name}.{name}")
