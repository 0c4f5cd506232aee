"""The reservation of one order: who works on it, and how it was decided, so that a repeat gets the same answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from mongoengine import BooleanField, DateTimeField, DictField, Document, ListField, StringField
from pymongo import ReturnDocument
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from services.products.rules.stock import Shortage
from shared.base.clock import now
from shared.base.ids import new_id
from shared.data.pagination import Page, page
from shared.data.persistence import retry_on_failover

# Longer than a request may take (15 s): whoever takes a reservation over meets nobody else at work.
LEASE = timedelta(seconds=16)
CLOSED_KEPT_SECONDS = 30 * 24 * 3600


class ReservationStatus(StrEnum):
    """`reserving` and `held` are open; the others say how it ended."""

    RESERVING = "reserving"
    HELD = "held"
    REFUSED = "refused"
    RELEASED = "released"
    SHIPPED = "shipped"


class Reservation(Document):
    """
    One order's hold on stock. The units themselves stand in the stock documents.

    While `reserving`, `token` names the one attempt at work and `leased_until` when another may take over.
    A closed one stays for a month, so that a reservation that arrives after its release finds it released.
    `is_swept` says that stock taken by an attempt that died after the decision has been looked for.
    """

    id = StringField(primary_key=True)
    status = StringField(required=True)
    is_open = BooleanField(required=True)
    token = StringField()
    leased_until = DateTimeField()
    line_items = ListField(DictField())
    shortages = ListField(DictField())
    reserved_at = DateTimeField()
    closed_at = DateTimeField()
    is_swept = BooleanField()

    meta = {
        "collection": "reservations",
        "db_alias": "products",
        "strict": False,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["is_open", "reserved_at", "id"]},
            {"fields": ["is_swept", "closed_at"], "sparse": True},
            {"fields": ["closed_at"], "expireAfterSeconds": CLOSED_KEPT_SECONDS},
        ],
    }

    @classmethod
    def collection(cls) -> Collection[dict[str, Any]]:
        return cls._get_collection()

    @classmethod
    def find(cls, order_id: str) -> dict[str, Any] | None:
        return retry_on_failover(lambda: cls.collection().find_one({"_id": order_id}))

    @classmethod
    def begin(cls, order_id: str, line_items: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
        """Return the reservation with this attempt's token, or None when the order has one already."""
        moment = now()
        document = {
            "_id": order_id,
            "status": ReservationStatus.RESERVING.value,
            "is_open": True,
            "token": new_id("try"),
            "leased_until": moment + LEASE,
            "line_items": [dict(each) for each in line_items],
            "reserved_at": moment,
        }
        try:
            retry_on_failover(lambda: cls.collection().insert_one(document))
        except DuplicateKeyError:
            found = cls.find(order_id)
            # After a broken connection the duplicate may be our own first write.
            return document if found is not None and found.get("token") == document["token"] else None
        return document

    @classmethod
    def take_over(cls, order_id: str) -> dict[str, Any] | None:
        """Return the reservation with a new token if its attempt is overdue, None otherwise."""
        moment = now()
        return retry_on_failover(
            lambda: cls.collection().find_one_and_update(
                {"_id": order_id, "status": ReservationStatus.RESERVING, "leased_until": {"$lt": moment}},
                {"$set": {"token": new_id("try"), "leased_until": moment + LEASE}},
                return_document=ReturnDocument.AFTER,
            )
        )

    @classmethod
    def decide(cls, order_id: str, token: str, status: ReservationStatus, **fields: Any) -> bool:
        """Settle a reservation that is being made; False when another attempt or a release was first."""
        closing = {"is_open": False, "closed_at": now(), "is_swept": False}
        changes = {"status": status.value, **fields, **({} if status is ReservationStatus.HELD else closing)}
        mine = {"_id": order_id, "token": token}
        undecided = {**mine, "status": ReservationStatus.RESERVING}
        if retry_on_failover(lambda: cls.collection().update_one(undecided, {"$set": changes})).matched_count:
            return True
        return cls.collection().find_one({**mine, "status": status.value}, {"_id": 1}) is not None

    @classmethod
    def refuse(cls, order_id: str, token: str, shortages: Sequence[Shortage]) -> bool:
        return cls.decide(order_id, token, ReservationStatus.REFUSED, shortages=list(shortages))

    @classmethod
    def release(cls, order_id: str) -> list[str]:
        """Close the order's reservation, or forbid one that is yet to come; return the SKUs it may hold."""
        moment = now()
        closed = {"is_open": False, "closed_at": moment, "is_swept": False}
        was_open = {"_id": order_id, "is_open": True}
        status = {"status": ReservationStatus.RELEASED.value}
        retry_on_failover(lambda: cls.collection().update_one(was_open, {"$set": {**status, **closed}}))
        tombstone = {"$setOnInsert": {**status, **closed, "line_items": []}}
        try:
            retry_on_failover(lambda: cls.collection().update_one({"_id": order_id}, tombstone, upsert=True))
        except DuplicateKeyError:  # it was begun between the two writes: now it is there to be closed
            return cls.release(order_id)
        found = cls.find(order_id)
        if found is not None and found["is_open"]:
            return cls.release(order_id)
        return [] if found is None else skus_of(found)

    @classmethod
    def close_shipped(cls, order_ids: Iterable[str]) -> None:
        """Close reservations whose last shipment left."""
        query = {"_id": {"$in": list(order_ids)}, "status": ReservationStatus.HELD}
        changes = {"status": ReservationStatus.SHIPPED.value, "is_open": False, "closed_at": now()}
        retry_on_failover(lambda: cls.collection().update_many(query, {"$set": changes}))

    @classmethod
    def list_open(cls, before: datetime, *, cursor: str | None, limit: int) -> Page[dict[str, Any]]:
        """Return one page of open reservations begun before a moment, oldest first."""
        return page(
            cls.collection(),
            {"is_open": True, "reserved_at": {"$lt": before}},
            sort=[("reserved_at", 1, datetime), ("_id", 1, str)],
            cursor=cursor,
            limit=limit,
            fields={"reserved_at": 1},
        )

    @classmethod
    def any_in_flight(cls, order_ids: Iterable[str], *, besides: str) -> bool:
        """Return whether one of these orders is still being reserved, so that what it holds may come back at once."""
        others = [order_id for order_id in order_ids if order_id != besides]
        undecided = {"_id": {"$in": others}, "status": ReservationStatus.RESERVING, "leased_until": {"$gt": now()}}
        return bool(others) and cls.collection().find_one(undecided, {"_id": 1}) is not None

    @classmethod
    def unswept(cls, closed_before: datetime, limit: int) -> list[dict[str, Any]]:
        """Return reservations closed before a moment without a look for what a dying attempt left taken."""
        return list(cls.collection().find({"is_swept": False, "closed_at": {"$lt": closed_before}}).limit(limit))

    @classmethod
    def mark_swept(cls, order_ids: Sequence[str]) -> None:
        cls.collection().update_many({"_id": {"$in": list(order_ids)}}, {"$unset": {"is_swept": ""}})


def skus_of(reservation: Mapping[str, Any]) -> list[str]:
    return [line["sku"] for line in reservation["line_items"]]
