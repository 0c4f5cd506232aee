"""The reservation of one order: the attempt at work and its decision, so that a repeat gets the same answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from mongoengine import BooleanField, DateTimeField, Document, IntField, StringField
from pymongo import ReturnDocument
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from services.products.errors import OrderNumberTaken
from services.products.reservations.rules import OpenReservation, ReservationRecord, ReservationStatus, ReservedLine
from services.products.stock.rules import Shortage, SkuQuantity
from shared.base.clock import now
from shared.base.ids import new_id
from shared.base.pages import PageRequest
from shared.data.pagination import Page, page
from shared.data.persistence import retry_on_failover
from shared.data.struct_fields import StructListField, read_each, stored_as, to_stored

# Longer than a request may take (15 s): after it, no earlier attempt is still at work.
LEASE = timedelta(seconds=16)
CLOSED_KEPT_SECONDS = 30 * 24 * 3600


class Reservation(Document):
    """
    One order's hold on stock. The units themselves stand in the stock documents.

    While `reserving`, `token` names the one attempt at work and `leased_until` the end of its lease.
    A closed reservation is kept for a month, so that a request that arrives after its release finds it released.
    `is_swept` False: stock taken by an attempt that died after the decision has not been searched for yet.
    """

    id = StringField(primary_key=True)
    status = StringField(required=True)
    is_open = BooleanField(required=True)
    token = StringField()
    leased_until = DateTimeField()
    line_items = StructListField(ReservedLine)
    shortages = StructListField(Shortage)
    reserved_at = DateTimeField()
    closed_at = DateTimeField()
    is_swept = BooleanField()
    order_number = IntField()

    meta = {
        "collection": "reservations",
        "db_alias": "products",
        "strict": False,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["is_open", "reserved_at", "id"]},
            {"fields": ["is_swept", "closed_at"], "sparse": True},
            {"fields": ["order_number"], "sparse": True, "unique": True},
            {"fields": ["closed_at"], "expireAfterSeconds": CLOSED_KEPT_SECONDS},
        ],
    }

    @classmethod
    def collection(cls) -> Collection[dict[str, Any]]:
        return cls._get_collection()

    @classmethod
    def find(cls, order_id: str) -> ReservationRecord | None:
        """Return the order's reservation, None when there is none."""
        found = retry_on_failover(lambda: cls.collection().find_one({"_id": order_id}))
        return None if found is None else stored_as(ReservationRecord, found)

    @classmethod
    def begin(
        cls, order_id: str, line_items: Sequence[SkuQuantity], order_number: int | None = None
    ) -> ReservationRecord | None:
        """
        Return the reservation with this attempt's token, or None when the order has one already.

        Raises OrderNumberTaken when another order has the number.
        """
        moment = now()
        lines = [ReservedLine(line.sku, line.quantity) for line in line_items]
        begun = ReservationRecord(order_id, ReservationStatus.RESERVING, True, new_id("try"), lines)
        document = {
            "_id": order_id,
            "status": begun.status.value,
            "is_open": True,
            "token": begun.token,
            "leased_until": moment + LEASE,
            "line_items": [to_stored(line) for line in lines],
            "reserved_at": moment,
            **({} if order_number is None else {"order_number": order_number}),
        }
        try:
            retry_on_failover(lambda: cls.collection().insert_one(document))
        except DuplicateKeyError:
            found = cls.find(order_id)
            if found is None and cls.collection().find_one({"order_number": order_number}, {"_id": 1}) is not None:
                raise OrderNumberTaken(
                    f"The number {order_number} belongs to another order than {order_id}",
                    highest_order_number=cls.highest_order_number(),
                ) from None
            # After a broken connection the duplicate may be our own first write.
            return begun if found is not None and found.token == begun.token else None
        return begun

    @classmethod
    def open_by_order(cls, order_ids: Iterable[str]) -> dict[str, bool]:
        """Return, of these orders, those that have a reservation, and whether it is open."""
        found = cls.collection().find({"_id": {"$in": list(order_ids)}}, {"is_open": 1})
        return {each["_id"]: each["is_open"] for each in found}

    @classmethod
    def highest_order_number(cls) -> int | None:
        """Return the highest number of an order that ever began to reserve; closed ones are kept for a month."""
        found = cls.collection().find_one(
            {"order_number": {"$exists": True}}, {"order_number": 1}, sort=[("order_number", -1)]
        )
        return None if found is None else int(found["order_number"])

    @classmethod
    def take_over(cls, order_id: str) -> ReservationRecord | None:
        """Return the reservation with a new token if the lease of its attempt is expired, None otherwise."""
        moment = now()
        found = retry_on_failover(
            lambda: cls.collection().find_one_and_update(
                {"_id": order_id, "status": ReservationStatus.RESERVING, "leased_until": {"$lt": moment}},
                {"$set": {"token": new_id("try"), "leased_until": moment + LEASE}},
                return_document=ReturnDocument.AFTER,
            )
        )
        return None if found is None else stored_as(ReservationRecord, found)

    @classmethod
    def hold(cls, order_id: str, token: str, line_items: Sequence[ReservedLine]) -> bool:
        """Decide that the order has its stock; False when another attempt or a release decided first."""
        held = {"status": ReservationStatus.HELD.value, "line_items": [to_stored(line) for line in line_items]}
        return cls._decide(order_id, token, held)

    @classmethod
    def refuse(cls, order_id: str, token: str, shortages: Sequence[Shortage] = ()) -> bool:
        """Decide that the order has no stock; False when another attempt or a release decided first."""
        refused = {"status": ReservationStatus.REFUSED.value, "shortages": [to_stored(each) for each in shortages]}
        return cls._decide(order_id, token, {**refused, **_closing()})

    @classmethod
    def _decide(cls, order_id: str, token: str, changes: dict[str, Any]) -> bool:
        attempt = {"_id": order_id, "token": token}
        undecided = {**attempt, "status": ReservationStatus.RESERVING}
        if retry_on_failover(lambda: cls.collection().update_one(undecided, {"$set": changes})).matched_count:
            return True
        return cls.collection().find_one({**attempt, "status": changes["status"]}, {"_id": 1}) is not None

    @classmethod
    def release(cls, order_id: str) -> list[str]:
        """Close the order's reservation, or forbid a later one; return the SKUs it may hold."""
        changes = {"status": ReservationStatus.RELEASED.value, **_closing()}
        was_open = {"_id": order_id, "is_open": True}
        retry_on_failover(lambda: cls.collection().update_one(was_open, {"$set": changes}))
        tombstone: dict[str, str | bool | datetime | list[str]] = {**changes, "line_items": []}
        try:
            retry_on_failover(
                lambda: cls.collection().update_one({"_id": order_id}, {"$setOnInsert": tombstone}, upsert=True)
            )
        except DuplicateKeyError:  # it was begun between the two writes: the next attempt closes it
            return cls.release(order_id)
        found = cls.find(order_id)
        if found is not None and found.is_open:
            return cls.release(order_id)
        return [] if found is None else found.skus

    @classmethod
    def close_shipped(cls, order_ids: Iterable[str]) -> None:
        """Close reservations of which nothing more will be shipped; shipments on their way still find their units."""
        query = {"_id": {"$in": list(order_ids)}, "status": ReservationStatus.HELD}
        changes = {"status": ReservationStatus.SHIPPED.value, "is_open": False, "closed_at": now()}
        retry_on_failover(lambda: cls.collection().update_many(query, {"$set": changes}))

    @classmethod
    def list_open(cls, before: datetime, wanted: PageRequest) -> Page[OpenReservation]:
        """Return one page of open reservations begun before a moment, oldest first."""
        found = page(
            cls.collection(),
            {"is_open": True, "reserved_at": {"$lt": before}},
            wanted,
            sort=[("reserved_at", 1, datetime), ("_id", 1, str)],
            fields={"reserved_at": 1},
        )
        return found.readable(lambda each: stored_as(OpenReservation, each))

    @classmethod
    def any_in_flight(cls, order_ids: Iterable[str], *, besides: str) -> bool:
        """Return whether one of these orders is still being reserved, so that its stock may be released soon."""
        others = [order_id for order_id in order_ids if order_id != besides]
        undecided = {"_id": {"$in": others}, "status": ReservationStatus.RESERVING, "leased_until": {"$gt": now()}}
        return bool(others) and cls.collection().find_one(undecided, {"_id": 1}) is not None

    @classmethod
    def unswept(cls, closed_before: datetime, limit: int) -> list[ReservationRecord]:
        """Return reservations closed before a moment whose stock was not searched for orphaned holds yet."""
        found = cls.collection().find({"is_swept": False, "closed_at": {"$lt": closed_before}}).limit(limit)
        return read_each(found, lambda each: stored_as(ReservationRecord, each))

    @classmethod
    def mark_swept(cls, order_ids: Sequence[str]) -> None:
        """Note that no orphaned holds of these orders are left."""
        cls.collection().update_many({"_id": {"$in": list(order_ids)}}, {"$unset": {"is_swept": ""}})


def _closing() -> dict[str, bool | datetime]:
    return {"is_open": False, "closed_at": now(), "is_swept": False}
