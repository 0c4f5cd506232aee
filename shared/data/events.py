"""Events: facts in the past tense that one service records and other services handle."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar, Self, TypeVar

import msgspec

from shared.base.clock import now
from shared.base.ids import new_id
from shared.observe.tracing import trace_context

# Limits of what a broker, an inbox row and a log line take as an id.
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
EventName = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_]+\.[a-z0-9_]+\.v[0-9]+$", max_length=256)]


class EventUnreadable(ValueError):
    """The content is not an event: a field of the envelope is missing or has another type. The text has no values."""


@dataclass(frozen=True)
class Event:
    """
    Base of every event in `shared/events/catalog/`.

    Fields are strings, whole numbers, booleans, and frozen msgspec structs of them, alone or in lists: what JSON holds.
    `name` is `<publisher>.<what_happened>.v<version>`; `personal` names text fields that are encrypted in the outbox.
    """

    name: ClassVar[str]
    personal: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def from_fields(cls, values: Mapping[str, Any]) -> Self:
        """
        Return the event built from its published fields; fields of a newer publisher are ignored.

        Raises msgspec.ValidationError, which names the field, when a field is missing or has another type.
        """
        return msgspec.convert(values, cls)


@dataclass(frozen=True)
class Envelope:
    """
    An event with the metadata of its delivery: `id` is unique, `version` orders the events of one aggregate.

    `trace` has the request id and traceparent of the request that caused the event.
    """

    id: Id
    name: EventName
    aggregate_id: Id
    version: int
    occurred_at: str
    trace: dict[str, str]
    fields: dict[str, Any]

    @classmethod
    def wrap(cls, event: Event, *, aggregate_id: str, version: int) -> Envelope:
        """Return an envelope with a new id, the current time and the trace of the current request or handler."""
        return cls(
            id=new_id("evt"),
            name=event.name,
            aggregate_id=aggregate_id,
            version=version,
            occurred_at=now().isoformat(),
            trace=trace_context(),
            fields=msgspec.to_builtins(event, enc_hook=_plain_number),
        )

    def to_document(self) -> dict[str, Any]:
        return dict(vars(self))

    @classmethod
    def from_document(cls, document: object) -> Envelope:
        """Return the envelope of a document, whose further fields are ignored; raise EventUnreadable for any other."""
        try:
            envelope = msgspec.convert(document, cls)
        except msgspec.ValidationError as fault:
            raise EventUnreadable(str(fault)) from fault
        if not _is_moment(envelope.occurred_at):
            raise EventUnreadable("occurred_at is not a date and time with a time zone")
        return envelope

    def age_seconds(self) -> float:
        return max(0.0, (now() - datetime.fromisoformat(self.occurred_at)).total_seconds())

    @property
    def publisher(self) -> str:
        return self.name.split(".", 1)[0]


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _plain_number(value: object) -> int:
    """Return the whole number that pymongo reads as a type of its own beyond 32 bits (`bson.Int64`)."""
    if isinstance(value, int):
        return int(value)
    raise NotImplementedError(f"An event cannot hold a {type(value).__name__}")


E_ = TypeVar("E_", bound=Event)


@dataclass(frozen=True)
class Handler:
    """A function of a subscriber for one event type; a batch handler gets a list of events."""

    service: str
    event_type: type[Event]
    run: Callable[..., None]
    is_batch: bool

    @property
    def name(self) -> str:
        return f"{self.service}.{self.run.__name__}"


SUBSCRIBERS: dict[str, list[Handler]] = defaultdict(list)


def handles(event_type: type[E_], *, batch: bool = False) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """
    Register a function of `services.<service>.handlers` for an event.

    It must be safe to run twice and out of order. With `batch` it gets a list of events.
    """

    def register(function: Callable[..., None]) -> Callable[..., None]:
        modules = function.__module__.split(".")
        service = modules[modules.index("handlers") - 1]
        SUBSCRIBERS[event_type.name].append(Handler(service, event_type, function, batch))
        return function

    return register


def handlers_of(service: str) -> dict[str, list[Handler]]:
    """Return the handlers of one service by event name."""
    mine = {name: [each for each in handlers if each.service == service] for name, handlers in SUBSCRIBERS.items()}
    return {name: handlers for name, handlers in mine.items() if handlers}
