"""The relay: publishes events that aggregates recorded in their own documents, then removes them there."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any

from pymongo import UpdateOne
from pymongo.collection import Collection
from pymongo.errors import OperationFailure, PyMongoError

from shared.base.errors import Unavailable
from shared.data.encrypted_events import from_outbox
from shared.data.events import Envelope
from shared.data.keys import CiphertextInvalid
from shared.data.leases import Lease
from shared.data.persistence import Aggregate, database, documents_of
from shared.events.broker import BrokerFailed, EventTooLarge, Publisher
from shared.observe.observability import get_logger

log = get_logger()

BATCH = 500
POLL_SECONDS = 0.25
GATHER_SECONDS = 0.01
WATCH_SECONDS = 1.0
PAUSE_AFTER_FAILURE_SECONDS = 1.0


def aggregates_of(service: str) -> list[type[Aggregate]]:
    return [each for each in documents_of(service) if issubclass(each, Aggregate)]


class Relay:
    """
    Publishes one service's recorded events, in the order of each aggregate, at least once.

    Of several workers one relays, by a lease. It wakes by a change stream, or polls where the store has none.
    """

    def __init__(self, service: str, publisher: Publisher) -> None:
        self._service = service
        self._publisher = publisher
        self._collections = [each.collection() for each in aggregates_of(service)]
        self._lease = Lease(service, "relay")

    def run(self, stopping: threading.Event) -> None:
        """Relay until `stopping`; a store, broker or key service that is away is waited for."""
        while not stopping.is_set():
            try:
                if not self._lease.held():
                    stopping.wait(WATCH_SECONDS)
                elif not self.relay_once():
                    self._wait_for_change(stopping)
            except (PyMongoError, BrokerFailed, Unavailable) as failure:
                log.warning("relay_waits", service=self._service, failure=type(failure).__name__)
                stopping.wait(PAUSE_AFTER_FAILURE_SECONDS)
            except Exception as fault:  # the worker lives on and nobody would see that its relay had ended
                log.error("relay_failed", service=self._service, exc_info=fault)
                stopping.wait(PAUSE_AFTER_FAILURE_SECONDS)
        with suppress(PyMongoError):  # it runs out by itself
            self._lease.release()

    def relay_once(self) -> int:
        """Publish what is recorded now and return how many events that were."""
        return sum(self._relay(collection) for collection in self._collections)

    def _relay(self, collection: Collection[dict[str, Any]]) -> int:
        waiting = collection.find({"outbox.id": {"$exists": True}}, {"outbox": 1}).limit(BATCH)
        published = self._publish({each["_id"]: events for each in waiting if (events := self._readable(each))})
        if published:
            collection.bulk_write(
                [
                    UpdateOne({"_id": key}, {"$pull": {"outbox": {"id": {"$in": [each.id for each in events]}}}})
                    for key, events in published.items()
                ],
                ordered=False,
            )
        return sum(map(len, published.values()))

    def _readable(self, document: dict[str, Any]) -> list[Envelope]:
        """Return an aggregate's events; none, and an error in the log, when they cannot be decrypted."""
        try:
            return [from_outbox(self._service, entry) for entry in document["outbox"]]
        except CiphertextInvalid as fault:
            log.error("event_kept_back", service=self._service, aggregate_id=document["_id"], reason=str(fault))
            return []

    def _publish(self, waiting: dict[Any, list[Envelope]]) -> dict[Any, list[Envelope]]:
        """Publish, and return what was: an aggregate whose event the broker can never take holds up no other."""
        while waiting:
            try:
                self._publisher.publish(event for events in waiting.values() for event in events)
            except EventTooLarge as refusal:
                log.error("event_kept_back", service=self._service, event_id=refusal.event_id, reason=str(refusal))
                waiting = {
                    key: events
                    for key, events in waiting.items()
                    if all(each.id != refusal.event_id for each in events)
                }
            else:
                break
        return waiting

    def _wait_for_change(self, stopping: threading.Event) -> None:
        """
        Return soon after the next write to an aggregate, at the latest after a second.

        The stream is opened anew each time: one that is kept would tell of every write that was relayed long since.
        """
        try:
            with self._watch() as stream:
                if not self.relay_once():  # written before the stream was open
                    stream.try_next()
        except OperationFailure:  # the store has no change streams
            stopping.wait(POLL_SECONDS)
        stopping.wait(GATHER_SECONDS)

    def _watch(self) -> Any:
        names = [collection.name for collection in self._collections]
        wanted = {"ns.coll": {"$in": names}, "operationType": {"$in": ["insert", "update", "replace"]}}
        return database(self._service).watch(
            [{"$match": wanted}, {"$project": {"_id": 1}}], max_await_time_ms=int(WATCH_SECONDS * 1000)
        )
