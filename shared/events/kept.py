"""Published events that their publisher keeps until every subscriber has acknowledged them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from pymongo import DeleteOne, ReplaceOne, UpdateOne

from shared.base.clock import now
from shared.data.events import Envelope
from shared.data.persistence import KEPT_EVENTS, database, write_unordered
from shared.events.broker import Publisher, Review, Window
from shared.events.unpublishable import UNPUBLISHABLE, SetAside, lenient, publishable, reason_of
from shared.observe.metrics import counter, gauge
from shared.observe.observability import get_logger

log = get_logger()

PAGE = 1000
# Lost events are published a few at a time, into a window with so much room: the rest is left to new events.
AGAIN_AT_ONCE = 50
ROOM_FOR_LOST = 0.5
DEAD_CONSUMERS_EVERY = timedelta(minutes=10)

UNACKNOWLEDGED = gauge("events_unacknowledged", "Published events that a subscriber has not acknowledged", ["service"])
STREAM_BYTES = gauge("event_stream_bytes", "Bytes of the service's events in the broker", ["service"])
REPUBLISHED = counter("events_republished_total", "Events published again that the broker had lost", ["service"])


class KeptEvents:
    """
    The kept events of one publisher, as their outbox held them: personal fields stay encrypted.

    `review` deletes what every subscriber has, and publishes again what the broker lost. A lost event that cannot be
    published is set aside for a minute, like an aggregate of the relay.
    """

    def __init__(self, service: str, publisher: Publisher, window: Window, set_aside: SetAside) -> None:
        self._service = service
        self._publisher = publisher
        self._window = window
        self._set_aside = set_aside
        self._collection = lenient(database(service)[KEPT_EVENTS])
        self._seen_up_to = ""
        self._may_hold_some = True
        self._drop_consumers_at = now()

    def has_room(self) -> bool:
        """Return whether the window takes further events, after what all running subscribers have made way for them."""
        if self._window.room() > 0:
            return True
        self._review_reached(self._window.acknowledged_up_to(), lambda: True)
        return self._window.room() > 0 or self._window.make_room()

    def expect_some(self) -> None:
        """Review again: another process may have added events."""
        self._may_hold_some = True

    def add(self, entries: Sequence[Any], places: Sequence[str]) -> None:
        """Keep outbox entries that were published to these places."""
        moment = now()
        self._collection.bulk_write(
            [
                ReplaceOne({"_id": entry["id"]}, {"event": entry, "place": place, "kept_at": moment}, upsert=True)
                for entry, place in zip(entries, places, strict=True)
            ],
            ordered=False,
        )
        self._may_hold_some = True

    def review(self, beat: Callable[[], bool] = lambda: True) -> int:
        """Settle what can be settled and return how many events were deleted or published again."""
        if not self._may_hold_some:
            return 0
        up_to = self._window.acknowledged_up_to()
        settled = self._review_reached(up_to, beat)
        self._review_others(up_to)
        settled += self._publish_lost(beat)
        self._may_hold_some = self._collection.find_one({}, {"_id": 1}) is not None
        UNACKNOWLEDGED.labels(self._service).set(self._collection.estimated_document_count())
        STREAM_BYTES.labels(self._service).set(self._window.size())
        if now() >= self._drop_consumers_at:
            self._drop_consumers_at = now() + DEAD_CONSUMERS_EVERY
            self._window.drop_dead_consumers()
        return settled

    def _review_reached(self, up_to: str, beat: Callable[[], bool]) -> int:
        """Delete the events that every subscriber has, page by page; then drop them from the window."""
        deleted, after = 0, ""
        while page := self._page({"$gt": after, "$lte": up_to}):
            if not beat():
                return deleted
            found = self._sort(page, up_to)
            deleted += len(found.acknowledged)
            after = page[-1][1]
        self._window.trim(up_to)
        return deleted

    def _review_others(self, up_to: str) -> None:
        """Look for lost events among those that a subscriber has not reached: a page each time, more after a loss."""
        while page := self._page({"$gt": max(self._seen_up_to, up_to)}):
            self._seen_up_to = page[-1][1]
            if not self._sort(page, up_to).lost:
                break
        if len(page) < PAGE:
            self._seen_up_to = ""

    def _page(self, places: Mapping[str, str]) -> list[tuple[str, str]]:
        found = self._collection.find({"place": places, "is_lost": None}, {"place": 1}).sort("place", 1).limit(PAGE)
        return [(each["_id"], each["place"]) for each in found]

    def _sort(self, page: list[tuple[str, str]], up_to: str) -> Review:
        """Delete the acknowledged events of a page, and mark the lost ones."""
        found = self._window.review(page, up_to)
        places = dict(page)
        writes: list[DeleteOne | UpdateOne] = [
            DeleteOne({"_id": each, "place": places[each]}) for each in found.acknowledged
        ]
        writes += [UpdateOne({"_id": each, "place": places[each]}, {"$set": {"is_lost": True}}) for each in found.lost]
        write_unordered(self._collection, writes)
        return found

    def _publish_lost(self, beat: Callable[[], bool]) -> int:
        """Publish lost events again, the oldest first, while the window has room; return their number."""
        published, after = 0, ""
        while self._window.room() >= ROOM_FOR_LOST and beat():
            aside = self._set_aside.in_collection(KEPT_EVENTS)
            lost = {"is_lost": True, "place": {"$gt": after}, "_id": {"$nin": aside}}
            page = list(self._collection.find(lost).sort("place", 1).limit(AGAIN_AT_ONCE))
            if not page:
                break
            after = page[-1]["place"]
            published += self._publish_again(page)
        if published:
            REPUBLISHED.labels(self._service).inc(published)
            log.warning("events_published_again", service=self._service, count=published)
        return published

    def _publish_again(self, page: list[dict[str, Any]]) -> int:
        events = [event for each in page if (event := self._readable(each)) is not None]
        places = self._publisher.publish(events)
        found_again = [
            UpdateOne({"_id": event.id}, {"$set": {"place": place}, "$unset": {"is_lost": ""}})
            for event, place in zip(events, places, strict=True)
        ]
        write_unordered(self._collection, found_again)
        self._window.published_again([each.id for each in events])
        return len(events)

    def _readable(self, kept: Mapping[str, Any]) -> Envelope | None:
        try:
            event, _ = publishable(self._service, kept.get("event"))
        except UNPUBLISHABLE as fault:  # the others are published, as from the outbox
            self._set_aside.put(KEPT_EVENTS, kept["_id"], reason_of(fault))
            return None
        return event
