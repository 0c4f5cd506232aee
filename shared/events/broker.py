"""The interface of event brokers: Redis Streams locally, SNS and SQS on AWS."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

from shared.base.errors import SettingsInvalid
from shared.data.events import Envelope

MAX_ATTEMPTS = 5
RETRY_BASE_SECONDS = 1.0

# Imported by name, so that a process imports only the adapter that it uses.
BACKENDS = {"redis": "shared.events.broker_redis", "sns": "shared.events.broker_sns"}


class BrokerFailed(Exception):
    """The broker is unavailable, or rejected a part of the call; a retry may succeed."""


class EventRejected(BrokerFailed):
    """The broker takes no message like the event `event_id`, at any time; a part of the others may be published."""

    def __init__(self, event_id: str, reason: str) -> None:
        super().__init__(reason)
        self.event_id = event_id


class EventTooLarge(EventRejected):
    """The event `event_id` is larger than a message of this broker; the call published no event."""


@dataclass(frozen=True)
class Message:
    """One delivery: `receipt` acknowledges it, `attempts` counts deliveries, this one included."""

    receipt: tuple[str, str]
    envelope: Envelope
    attempts: int


@dataclass(frozen=True)
class Unreadable:
    """A delivery that is not an event: its content as received, and why it cannot be read."""

    receipt: tuple[str, str]
    raw: bytes
    reason: str
    attempts: int


Delivery = Message | Unreadable


@dataclass(frozen=True)
class Review:
    """What became of some published events, by their ids: every subscriber has it, or the broker lost it."""

    acknowledged: list[str]
    lost: list[str]


class Window(Protocol):
    """
    The events of one publisher in a broker that may lose them: their publisher keeps each until all have it.

    A place is where an event stands; places sort as their events were published. Methods may raise BrokerFailed.
    """

    def size(self) -> int:
        """Return the bytes that the events take in the broker."""

    def room(self) -> float:
        """Return the share of the bytes for events that is free, from 0 to 1."""

    def make_room(self) -> bool:
        """Drop what only subscribers that do not run have left to read; return whether there is room then."""

    def acknowledged_up_to(self) -> str:
        """Return the place up to which every subscriber has acknowledged what it received."""

    def review(self, events: Sequence[tuple[str, str]], up_to: str) -> Review:
        """Sort events, given as (id, place); `up_to` is an earlier answer of `acknowledged_up_to`."""

    def trim(self, up_to: str) -> None:
        """Drop the events up to a place."""

    def published_again(self, event_ids: Sequence[str]) -> None:
        """Note that lost events were published again."""

    def drop_dead_consumers(self) -> int:
        """Forget processes that ended and hold no message; return their number."""


class Publisher(Protocol):
    def publish(self, envelopes: Iterable[Envelope]) -> list[str]:
        """
        Publish the events; return when the broker has stored them, else raise BrokerFailed or EventRejected.

        Returns the place of each event in the window of its publisher; nothing from a broker without windows.
        """
        raise NotImplementedError

    def window_of(self, publisher: str) -> Window | None:
        """Return the window of a publisher, None from a broker that loses no event."""
        return None


class Subscription(Protocol):
    """
    The messages of one subscriber. All methods are called from one thread and may raise BrokerFailed.

    A message that is not acknowledged is delivered again; after five deliveries it becomes a dead letter.
    This holds for an unreadable message, too: a newer version of the subscriber may read it.
    """

    def receive(self, *, limit: int = 200, wait_seconds: float = 1.0) -> list[Delivery]:
        """Return at most `limit` messages that are due; wait at most `wait_seconds` for the first."""

    def hold(self) -> None:
        """Extend the lease of all received messages that are not settled yet; call it between handlers."""

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """Settle the messages: they are not delivered again."""

    def reject(self, message: Delivery, reason: str) -> None:
        """Schedule a retry after 1, 2, 4 … seconds; after the last attempt the message becomes a dead letter."""

    def release(self, messages: Sequence[Message]) -> None:
        """Deliver messages whose handlers did not start again at once, without counting an attempt."""

    def dead_letters(self, limit: int = 100) -> list[dict[str, str]]:
        """Return dead letters as {id, event, stream, reason}; an unreadable one has no `event`."""

    def redrive(self) -> int:
        """Send every readable dead letter to this subscriber again; return their number."""


class Broker(Publisher, Protocol):
    def subscribe(self, subscriber: str, publishers: Sequence[str], *, consumer: str) -> Subscription:
        """Return the subscription of `subscriber` to `publishers`; `consumer` names this process."""


def open_broker(backend: str, redis_url: str) -> Broker:
    """Return the broker of EVENT_BROKER; raise SettingsInvalid for an unknown name or a missing address."""
    if backend not in BACKENDS:
        raise SettingsInvalid(f"EVENT_BROKER is {backend!r}; it must be one of {', '.join(BACKENDS)}")
    return cast(Broker, import_module(BACKENDS[backend]).open_broker(redis_url))
