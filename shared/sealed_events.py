"""Events as they wait in their aggregate's outbox: what is personal in them is encrypted there, as everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from shared.encryption import PERSONAL, Place, cipher_of, is_sealed
from shared.events import Envelope, Event


def to_outbox(service: str, envelope: Envelope, event: type[Event]) -> dict[str, Any]:
    """Return the envelope as it is stored, with the fields sealed that the event calls personal."""
    stored = envelope.to_document()
    if event.personal:
        sealed = {name: _sealed(service, envelope, name) for name in event.personal}
        stored["fields"] = {**stored["fields"], **sealed}
    return stored


def from_outbox(service: str, stored: Mapping[str, Any]) -> Envelope:
    """Return a stored envelope as it is published."""
    envelope = Envelope.from_document(stored)
    sealed = {name: value for name, value in envelope.fields.items() if is_sealed(value)}
    if not sealed:
        return envelope
    cipher = cipher_of(service)
    opened = {name: cipher.open(value, _place(envelope, name)).decode() for name, value in sealed.items()}
    return replace(envelope, fields={**envelope.fields, **opened})


def _sealed(service: str, envelope: Envelope, name: str) -> bytes | None:
    value = envelope.fields[name]
    return None if value is None else cipher_of(service).seal(value.encode(), _place(envelope, name))


def _place(envelope: Envelope, name: str) -> Place:
    return Place(PERSONAL, f"{envelope.name}.{name}")
