"""Stored events that cannot be published: what reading them raises, and how they are set aside for a minute."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from bson.codec_options import DatetimeConversion
from pymongo.collection import Collection

from shared.data.encrypted_events import from_outbox
from shared.data.events import Envelope
from shared.data.keys import CiphertextInvalid
from shared.observe.metrics import counter
from shared.observe.observability import get_logger

log = get_logger()

SET_ASIDE_SECONDS = 60.0
# What `publishable` raises for an entry that is not an event, or whose fields cannot be decrypted or published.
UNPUBLISHABLE = (CiphertextInvalid, ValueError, TypeError)
NOT_PUBLISHED = counter("events_not_published_total", "Attempts to publish that the event itself failed", ["service"])


class SetAside:
    """What could not be published, by collection and id: left out for a minute, then tried again."""

    def __init__(self, service: str, clock: Callable[[], float]) -> None:
        self._service = service
        self._clock = clock
        self._until: dict[tuple[str, Any], float] = {}

    def put(self, collection: str, key: Any, reason: str) -> None:
        """Set this document of a collection aside, count it and log the reason."""
        NOT_PUBLISHED.labels(self._service).inc()
        log.error("event_not_published", service=self._service, collection=collection, document_id=key, reason=reason)
        self._until[collection, key] = self._clock() + SET_ASIDE_SECONDS

    def in_collection(self, collection: str) -> list[Any]:
        """Return the ids of the documents of a collection that are set aside now."""
        now = self._clock()
        self._until = {place: until for place, until in self._until.items() if until > now}
        return [key for name, key in self._until if name == collection]


def publishable(service: str, entry: object) -> tuple[Envelope, int]:
    """Return a stored event, decrypted, and its bytes in the broker; raise one of UNPUBLISHABLE."""
    event = from_outbox(service, entry)
    return event, len(orjson.dumps(event.to_document()))


def reason_of(fault: Exception) -> str:
    return f"{type(fault).__name__}: {fault}"


def lenient(collection: Collection[dict[str, Any]]) -> Collection[dict[str, Any]]:
    """Return the collection, read so that text that is not UTF-8 or a date beyond Python's years fails no query."""
    return collection.with_options(
        collection.codec_options.with_options(
            unicode_decode_error_handler="surrogateescape", datetime_conversion=DatetimeConversion.DATETIME_AUTO
        )
    )
