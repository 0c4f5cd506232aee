"""The relay: publishes the events in the outboxes of aggregates and deletes them there afterwards."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pymongo import UpdateOne
from pymongo.collection import Collection
from pymongo.errors import OperationFailure, PyMongoError

from shared.base.errors import Unavailable
from shared.data.events import Envelope
from shared.data.leases import Lease
from shared.data.persistence import Aggregate, database, documents_of
from shared.events.broker import BrokerFailed, EventRejected, Publisher
from shared.events.kept import KeptEvents
from shared.events.unpublishable import UNPUBLISHABLE, SetAside, lenient, publishable, reason_of
from shared.observe.observability import get_logger

log = get_logger()

BATCH = 500
POLL_SECONDS = 0.25
GATHER_SECONDS = 0.01
WATCH_SECONDS = 1.0
PAUSE_AFTER_FAILURE_SECONDS = 1.0
REVIEW_SECONDS = 0.5
# An event of a large order has a hundred kilobytes: 500 documents must not fill the broker at once.
BATCH_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Outbox:
    """The outbox of one aggregate: its entries as they are stored, and the events that they hold."""

    entries: list[Any]
    events: list[Envelope]


def aggregates_of(service: str) -> list[type[Aggregate]]:
    return [each for each in documents_of(service) if issubclass(each, Aggregate)]


class Relay:
    """
    Publishes the recorded events of one service at least once; the events of one aggregate keep their order.

    An aggregate with an event that cannot be published is set aside for a minute: its events stay in its outbox, in
    their order, until the event is repaired, and those of other aggregates are published.
    With a broker that may lose events (Redis), a published event is kept until every subscriber has acknowledged it.
    A lease selects one of several workers. A change stream wakes the relay; a store without change streams is polled.
    """

    def __init__(self, service: str, publisher: Publisher, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._service = service
        self._publisher = publisher
        self._clock = clock
        self._collections = [lenient(each.collection()) for each in aggregates_of(service)]
        self._set_aside = SetAside(service, clock)
        self._lease = Lease(service, "relay")
        window = publisher.window_of(service)
        self._kept = None if window is None else KeptEvents(service, publisher, window, self._set_aside)
        self._review_at = 0.0

    def run(self, stopping: threading.Event) -> None:
        """Publish events until `stopping`; retry while the store, the broker or the key service is unavailable."""
        while not stopping.is_set():
            try:
                if not self._lease.held():
                    self._stand_by()
                    stopping.wait(WATCH_SECONDS)
                elif not self.relay_once() + self._review(lambda: not stopping.is_set() and self._lease.held()):
                    self._wait_for_change(stopping)
            except (PyMongoError, BrokerFailed, Unavailable) as failure:
                log.warning("relay_paused", service=self._service, failure=type(failure).__name__)
                stopping.wait(PAUSE_AFTER_FAILURE_SECONDS)
            except Exception as fault:  # without this the thread would end while the worker keeps running
                log.error("relay_failed", service=self._service, exc_info=fault)
                stopping.wait(PAUSE_AFTER_FAILURE_SECONDS)
        with suppress(PyMongoError):  # the lease expires without a release
            self._lease.release()

    def _stand_by(self) -> None:
        if self._kept is not None:
            self._kept.expect_some()

    def _review(self, beat: Callable[[], bool]) -> int:
        if self._kept is None or self._clock() < self._review_at:
            return 0
        settled = self._kept.review(beat)
        self._review_at = self._clock() + REVIEW_SECONDS
        return settled

    def review_once(self) -> int:
        """Review the kept events now; return how many were settled."""
        self._review_at = 0.0
        return self._review(lambda: True)

    def relay_once(self) -> int:
        """Publish the recorded events and return their number."""
        return sum(self._relay(collection) for collection in self._collections)

    def _relay(self, collection: Collection[dict[str, Any]]) -> int:
        published = 0
        is_going_on = True
        while is_going_on:  # with the next aggregates, where all found ones were set aside
            documents = self._waiting(collection)
            if documents and not self._has_room():
                return 0
            events = self._publish(collection, self._readable(collection, documents))
            published = sum(len(each.events) for each in events.values())
            self._delete(collection, events)
            is_going_on = bool(documents) and not events
        return published

    def _has_room(self) -> bool:
        """Return whether the broker has room for further events; a full one is reviewed at the next chance."""
        if self._kept is None or self._kept.has_room():
            return True
        self._review_at = 0.0
        return False

    def _waiting(self, collection: Collection[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return aggregates with events, without those that are set aside."""
        query = {"outbox.id": {"$exists": True}, "_id": {"$nin": self._set_aside.in_collection(collection.name)}}
        return list(collection.find(query, {"outbox": 1}).limit(BATCH))

    def _readable(self, collection: Collection[dict[str, Any]], documents: list[dict[str, Any]]) -> dict[Any, Outbox]:
        """Return the outboxes by aggregate, up to BATCH_BYTES; an aggregate with an unreadable event is set aside."""
        readable: dict[Any, Outbox] = {}
        size = 0
        for document in documents:
            key = document["_id"]
            try:
                found = [publishable(self._service, entry) for entry in document["outbox"]]
            except UNPUBLISHABLE as fault:
                self._set_aside.put(collection.name, key, reason_of(fault))
            else:
                readable[key] = Outbox(document["outbox"], [event for event, _ in found])
                size += sum(length for _, length in found)
            if size > BATCH_BYTES:
                break
        return readable

    def _publish(self, collection: Collection[dict[str, Any]], waiting: dict[Any, Outbox]) -> dict[Any, Outbox]:
        """Publish the events and return them; an aggregate with an event that the broker rejects is set aside."""
        while waiting:
            try:
                places = self._publisher.publish(event for each in waiting.values() for event in each.events)
            except EventRejected as refusal:
                rejected = {
                    key for key, outbox in waiting.items() if any(each.id == refusal.event_id for each in outbox.events)
                }
                if not rejected:
                    raise
                for key in rejected:
                    self._set_aside.put(collection.name, key, str(refusal))
                waiting = {key: outbox for key, outbox in waiting.items() if key not in rejected}
            else:
                if self._kept is not None:
                    self._kept.add([entry for each in waiting.values() for entry in each.entries], places)
                break
        return waiting

    def _delete(self, collection: Collection[dict[str, Any]], published: dict[Any, Outbox]) -> None:
        if published:
            collection.bulk_write(
                [
                    UpdateOne({"_id": key}, {"$pull": {"outbox": {"id": {"$in": [each.id for each in outbox.events]}}}})
                    for key, outbox in published.items()
                ],
                ordered=False,
            )

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
