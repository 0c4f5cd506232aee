"""The event worker of one service: a thread with the relay, and the consumer that runs handlers."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from enum import Enum, auto
from importlib import import_module
from pathlib import Path
from typing import Any

from pymongo.errors import PyMongoError

from shared.base import deadline
from shared.base.errors import Unavailable
from shared.base.ids import new_id
from shared.data.events import Handler, handlers_of
from shared.data.version_conflicts import retry_on_version_conflict
from shared.events import inbox
from shared.events.broker import Broker, BrokerFailed, Message, Subscription, Unreadable, open_broker
from shared.events.outbox import Relay
from shared.observe.metrics import counter, histogram
from shared.observe.observability import get_logger
from shared.observe.tracing import bind_context, continued_trace

log = get_logger()

HANDLER_SECONDS = 20.0
PAUSE_AFTER_FAILURE_SECONDS = 1.0

HANDLED = counter("events_handled_total", "Events handled, by handler and outcome", ["handler", "outcome"])
UNREADABLE = counter("events_unreadable_total", "Deliveries that are not an event, by subscriber", ["subscriber"])
LAG = histogram("event_lag_seconds", "Seconds from recording an event to handling it", ["subscriber"])


# Called before each batch with the heartbeat, for steps that take long; after Unavailable the consumer pauses.
Prepare = Callable[[Callable[[], None]], None]


class Outcome(Enum):
    """The outcome of a message for a handler that did not fail."""

    DONE = auto()
    NOT_STARTED = auto()


class Consumer:
    """Receives batches, calls each handler once per event, stores that in the inbox, then acknowledges."""

    def __init__(self, service: str, subscription: Subscription) -> None:
        self._service = service
        self._subscription = subscription
        self._handlers = handlers_of(service)
        self._stopping = threading.Event()
        self._beat: Callable[[], None] = lambda: None

    def run(
        self, stopping: threading.Event, *, beat: Callable[[], None] = lambda: None, prepare: Prepare = lambda _: None
    ) -> None:
        """
        Consume until `stopping`; `prepare` must succeed before each batch. `beat` is called before each handler.

        After `stopping` the running handler ends, and messages whose handlers did not start are released.
        """
        self._stopping, self._beat = stopping, beat
        while not stopping.is_set():
            beat()
            try:
                prepare(beat)
                self.consume_once()
            except (PyMongoError, BrokerFailed, Unavailable) as failure:
                log.warning("consumer_paused", service=self._service, failure=type(failure).__name__)
                stopping.wait(PAUSE_AFTER_FAILURE_SECONDS)

    def consume_once(self, *, wait_seconds: float = 1.0) -> int:
        """Handle one batch and return its size."""
        received = self._subscription.receive(wait_seconds=wait_seconds)
        messages = [each for each in received if isinstance(each, Message)]
        if messages:
            self._handle_batch(messages)
        self._reject_unreadable([each for each in received if isinstance(each, Unreadable)])
        return len(received)

    def _reject_unreadable(self, received: list[Unreadable]) -> None:
        for each in received:
            UNREADABLE.labels(self._service).inc()
            log.warning("event_unreadable", stream=each.receipt[0], attempts=each.attempts, reason=each.reason)
            self._subscription.reject(each, f"unreadable: {each.reason}")

    def _handle_batch(self, messages: list[Message]) -> None:
        """Run the handlers that have not handled these events yet; acknowledge, retry or release each message."""
        tasks = {
            _row(message, handler): (message, handler)
            for message in messages
            for handler in self._handlers.get(message.envelope.name, [])
        }
        known = inbox.seen(self._service, tasks)
        fresh = [task for row, task in tasks.items() if row not in known]
        failures: dict[str, str] = {}
        done: list[str] = []
        released: set[str] = set()
        for message, handler, outcome in [*self._run_batches(fresh), *self._run_singles(fresh)]:
            if outcome is Outcome.DONE:
                done.append(_row(message, handler))
            elif outcome is Outcome.NOT_STARTED:
                released.add(message.envelope.id)
            else:
                failures[message.envelope.id] = outcome
        inbox.remember(self._service, done)
        self._settle(messages, failures, released - set(failures))

    def _settle(self, messages: list[Message], failures: dict[str, str], released: set[str]) -> None:
        unsettled = released.union(failures)
        self._subscription.acknowledge([each for each in messages if each.envelope.id not in unsettled])
        for message in messages:
            if message.envelope.id in failures:
                self._subscription.reject(message, failures[message.envelope.id])
        self._subscription.release([each for each in messages if each.envelope.id in released])

    def _run_singles(self, tasks: list[tuple[Message, Handler]]) -> list[tuple[Message, Handler, Outcome | str]]:
        return [(message, handler, self._run(handler, [message])) for message, handler in tasks if not handler.is_batch]

    def _run_batches(self, tasks: list[tuple[Message, Handler]]) -> list[tuple[Message, Handler, Outcome | str]]:
        """Run batch handlers with all their messages; after a failure with each message alone, to find which fails."""
        grouped: dict[str, list[tuple[Message, Handler]]] = {}
        for message, handler in tasks:
            if handler.is_batch:
                grouped.setdefault(handler.name, []).append((message, handler))
        results: list[tuple[Message, Handler, Outcome | str]] = []
        for pairs in grouped.values():
            outcome = self._run(pairs[0][1], [message for message, _ in pairs])
            if isinstance(outcome, Outcome):
                results += [(message, handler, outcome) for message, handler in pairs]
            else:
                results += [(message, handler, self._run(handler, [message])) for message, handler in pairs]
        return results

    def _run(self, handler: Handler, messages: list[Message]) -> Outcome | str:
        """Call the handler, unless the worker stops; return the outcome, or the reason of its failure."""
        if self._stopping.is_set() or not self._is_held():
            return Outcome.NOT_STARTED
        self._beat()
        started = time.perf_counter()
        first = messages[0].envelope
        with continued_trace(first.trace, handler.name), deadline.start(HANDLER_SECONDS):
            bind_context(event_id=first.id, event_name=first.name, handler=handler.name)
            try:
                events = [handler.event_type.from_fields(message.envelope.fields) for message in messages]
                retry_on_version_conflict(handler.run)(events if handler.is_batch else events[0])
            except Exception as failure:  # after any exception the message is retried, and at last a dead letter
                HANDLED.labels(handler.name, "failed").inc(len(messages))
                log.warning("event_failed", attempts=messages[0].attempts, exc_info=failure)
                return f"{type(failure).__name__}: {failure}"
            HANDLED.labels(handler.name, "handled").inc(len(messages))
            for message in messages:
                LAG.labels(self._service).observe(message.envelope.age_seconds())
            log.info("event_handled", count=len(messages), duration_ms=round((time.perf_counter() - started) * 1000, 2))
        return Outcome.DONE

    def _is_held(self) -> bool:
        """Renew the lease of the batch; return False if the broker is unavailable."""
        try:
            self._subscription.hold()
        except BrokerFailed as failure:
            log.warning("batch_hold_failed", service=self._service, failure=type(failure).__name__)
            return False
        return True


def _row(message: Message, handler: Handler) -> str:
    return inbox.row(message.envelope.id, handler.name)


def heartbeat() -> None:
    """Touch HEARTBEAT_FILE, by which the supervisor or ECS detects that this process is alive."""
    path = os.environ.get("HEARTBEAT_FILE")
    if path:
        Path(path).touch()


def publishers_of(service: str) -> list[str]:
    """Return the services whose events this service handles."""
    return sorted({name.split(".", 1)[0] for name in handlers_of(service)})


def main(package: str) -> None:
    """Run the worker of `services.<name>` until SIGTERM or SIGINT."""
    service = package.rsplit(".", 1)[-1]
    root: Any = import_module(f"{package}.app")
    app: Any = root.create_app()
    import_module(f"{package}.handlers")
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    settings = app.extensions["tradepost_settings"]
    broker = open_broker(settings.event_broker, settings.redis_url)
    relay = threading.Thread(target=Relay(service, broker).run, args=(stopping,), name="relay")
    relay.start()
    log.info("worker_started", service=service, publishers=publishers_of(service))
    with app.app_context():
        _consume_until_stopped(service, broker, stopping, getattr(root, "before_each_batch", lambda _: None))
    relay.join()
    log.info("worker_stopped", service=service)


def _consume_until_stopped(service: str, broker: Broker, stopping: threading.Event, prepare: Prepare) -> None:
    while not stopping.is_set():
        try:
            subscription = broker.subscribe(service, publishers_of(service), consumer=new_id("consumer"))
        except BrokerFailed as failure:
            log.warning("broker_unavailable", service=service, failure=type(failure).__name__)
            stopping.wait(PAUSE_AFTER_FAILURE_SECONDS)
        else:
            Consumer(service, subscription).run(stopping, beat=heartbeat, prepare=prepare)


if __name__ == "__main__":
    # Under `-m` this module is `__main__`; services and shared.events.jobs import it as shared.events.worker.
    import_module("shared.events.worker").main(sys.argv[1])
