"""What events travel over: one contract, kept by Redis Streams here and by SNS and SQS on AWS."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

from shared.base.errors import SettingsInvalid
from shared.data.events import Envelope

MAX_ATTEMPTS = 5
RETRY_BASE_SECONDS = 1.0

# Loaded by name, so that a process imports the adapter it uses and no other.
BACKENDS = {"redis": "shared.events.broker_redis", "sns": "shared.events.broker_sns"}


class BrokerFailed(Exception):
    """The broker does not answer, or did not take everything; trying again later may help."""


class EventTooLarge(BrokerFailed):
    """No message of this broker can hold the event `event_id`; nothing of the call was published."""

    def __init__(self, event_id: str, reason: str) -> None:
        super().__init__(reason)
        self.event_id = event_id


@dataclass(frozen=True)
class Message:
    """One delivery: `receipt` acknowledges it, `attempts` counts deliveries, this one included."""

    receipt: tuple[str, str]
    envelope: Envelope
    attempts: int


class Publisher(Protocol):
    def publish(self, envelopes: Iterable[Envelope]) -> None:
        """Hand the events to the broker; return only when it has them, else raise BrokerFailed or EventTooLarge."""


class Subscription(Protocol):
    """
    What one subscriber receives. Every method is called from one thread, and may raise BrokerFailed.

    A message that is not acknowledged comes back; after five deliveries it is parked as a dead letter.
    """

    def receive(self, *, limit: int = 200, wait_seconds: float = 1.0) -> list[Message]:
        """Return what is due, at most `limit`, waiting at most `wait_seconds` for the first."""

    def hold(self) -> None:
        """Keep what was received and not settled from coming back while it is worked on; call it between pieces."""

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """Have them not come back."""

    def reject(self, message: Message, reason: str) -> None:
        """Have it come back after 1, 2, 4 … seconds, or be parked after the last attempt."""

    def release(self, messages: Sequence[Message]) -> None:
        """Give back what was not begun: it comes again at once, to whoever asks, and that was no attempt."""

    def dead_letters(self, limit: int = 100) -> list[dict[str, str]]:
        """Return parked messages as {id, event, stream, reason}; `event` is missing from an unreadable one."""

    def redrive(self) -> int:
        """Send every readable dead letter to this subscriber again; return how many."""


class Broker(Publisher, Protocol):
    def subscribe(self, subscriber: str, publishers: Sequence[str], *, consumer: str) -> Subscription:
        """Return what `subscriber` receives of `publishers`; `consumer` names this process."""


def open_broker(backend: str, redis_url: str) -> Broker:
    """Return the broker that EVENT_BROKER names; raise SettingsInvalid for an unknown name or a missing address."""
    if backend not in BACKENDS:
        raise SettingsInvalid(f"EVENT_BROKER is {backend!r}; it must be one of {', '.join(BACKENDS)}")
    return cast(Broker, import_module(BACKENDS[backend]).open_broker(redis_url))
