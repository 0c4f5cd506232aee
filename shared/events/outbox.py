"""The relay: publishes the events in the outboxes of aggregates and deletes them there afterwards."""

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
    Publishes the recorded events of one service at least once; the events of one aggregate keep their order.

    A lease selects one of several workers. A change stream wakes the relay; a store without change streams is polled.
    """

    def __init__(self, service: str, publisher: Publisher) -> None:
        self._service = service
        self._publisher = publisher
        self._collections = [each.collection() for each in aggregates_of(service)]
        self._lease = Lease(service, "relay")

    def run(self, stopping: threading.Event) -> None:
        """Publish events until `stopping`; retry while the store, the broker or the key service is unavailable."""
        while not stopping.is_set():
            try:
                if not self._lease.held():
                    stopping.wait(WATCH_SECONDS)
                elif not self.relay_once():
                    self._wait_for_change(stopping)
            except (PyMongoError, BrokerFailed, Unavailable) as failure:
                log.warning("relay_paused", service=self._service, failure=type(failure).__name__)
                stopping.wait(PAUSE_AFTER_FAILURE_SECONDS)
            except Exception as fault:  # without this the thread would end while the worker keeps running
                log.error("relay_failed", service=self._service, exc_info=fault)
                stopping.wait(PAUSE_AFTER_FAILURE_SECONDS)
        with suppress(PyMongoError):  # the lease expires without a release
            self._lease.release()

    def relay_once(self) -> int:
        """Publish the recorded events and return their number."""
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
        """Return the events of an aggregate; log an error and return none if they cannot be decrypted."""
        try:
            return [from_outbox(self._service, entry) for entry in document["outbox"]]
        except CiphertextInvalid as fault:
            log.error("event_not_published", service=self._service, aggregate_id=document["_id"], reason=str(fault))
            return []

    def _publish(self, waiting: dict[Any, list[Envelope]]) -> dict[Any, list[Envelope]]:
        """Publish all events but those of aggregates with an event that is too large; return the published events."""
        while waiting:
            try:
                self._publisher.publish(event for events in waiting.values() for event in events)
            except EventTooLarge as refusal:
                log.error("event_not_published", service=self._service, event_id=refusal.event_id, reason=str(refusal))
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

        Each call opens a new change stream: an older stream would report writes whose events are published already.
        """
        try:
            with self._watch() as stream:
                if not self.relay_once():  # events written before the stream was open
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
