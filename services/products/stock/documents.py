"""Stock: one document per SKU and warehouse, changed only by guarded updates that hold effect and dedupe together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import Any

from mongoengine import BooleanField, DateTimeField, Document, IntField, StringField
from pymongo import UpdateOne
from pymongo.collection import Collection

from services.products.errors import StockContended
from services.products.stock.rules import HeldStock, Shipped, StockHold, StockLevel, StockView
from shared.base.clock import now
from shared.data.persistence import retry_on_failover
from shared.data.struct_fields import StructListField, read_each, stored_as, to_stored

WAREHOUSE = "main"
LEVEL_FIELDS = {"sku": 1, "on_hand": 1, "reserved": 1, "available": 1, "updated_at": 1}
OPERATIONS_PER_WRITE = 2_000
RELEASE_ATTEMPTS = 10


def stock_id(sku: str) -> str:
    """Return the id of the SKU's stock document."""
    return f"{WAREHOUSE}/{sku}"


class Stock(Document):
    """
    The stock of one SKU in one warehouse; a SKU without this document is not stocked.

    `available` is `on_hand - reserved`. `ops` holds a StockHold per open reservation. `is_stopped` marks the note that
    a SKU is not stocked any more, under an id of its own: lists of changes have it, reservations never find it.
    """

    id = StringField(primary_key=True)
    sku = StringField(required=True)
    warehouse = StringField(required=True)
    on_hand = IntField(required=True)
    reserved = IntField(default=0)
    available = IntField(required=True)
    ops = StructListField(StockHold)
    is_stopped = BooleanField()
    updated_at = DateTimeField()

    meta = {
        "collection": "stock",
        "db_alias": "products",
        "strict": False,
        "auto_create_index": False,
        "indexes": [("sku", "_id"), ("updated_at", "_id")],
    }

    @classmethod
    def collection(cls) -> Collection[dict[str, Any]]:
        return cls._get_collection()

    @classmethod
    def levels(cls, skus: Iterable[str]) -> dict[str, StockLevel]:
        """
        Return the levels by SKU, in one query; a SKU that is not stocked is absent.

        A stock that cannot be read has nothing available: as absent, it could be ordered without limit.
        """
        ids = [stock_id(sku) for sku in skus]
        found = retry_on_failover(lambda: list(cls.collection().find({"_id": {"$in": ids}}, LEVEL_FIELDS)))
        stocked = [str(each["_id"]).removeprefix(f"{WAREHOUSE}/") for each in found]
        readable = {each.sku: each for each in read_each(found, lambda each: stored_as(StockLevel, each))}
        return {sku: readable.get(sku) or StockLevel(sku, on_hand=0, available=0) for sku in stocked}

    @classmethod
    def level(cls, sku: str) -> StockLevel | None:
        """Return the level of one SKU, None when it is not stocked."""
        return cls.levels([sku]).get(sku)

    @classmethod
    def take(cls, order_id: str, token: str, quantities: Mapping[str, int]) -> bool:
        """Reserve each SKU that is available, once per order; return whether this call reserved every one."""
        updates = [
            UpdateOne(
                {"_id": stock_id(sku), "available": {"$gte": quantity}, "ops.id": {"$ne": order_id}},
                {
                    "$inc": {"reserved": quantity, "available": -quantity},
                    "$push": {"ops": to_stored(StockHold(order_id, token, quantity))},
                    **_changed_now(),
                },
            )
            for sku, quantity in sorted(quantities.items())
        ]
        return cls._write(updates) == len(updates)

    @classmethod
    def views(cls, order_id: str, token: str, skus: Iterable[str]) -> dict[str, StockView]:
        """Return, of the stocked SKUs, what is available and what this attempt holds."""
        found = cls._held({"_id": {"$in": [stock_id(sku) for sku in skus]}}, order_id)
        return {
            each.sku: StockView(each.available, held=sum(hold.quantity for hold in each.ops if hold.token == token))
            for each in found
        }

    @classmethod
    def put_back(cls, order_id: str, skus: Iterable[str], *, token: str | None = None) -> int:
        """Release what the order still holds, of one attempt if `token` is given; return in how many SKUs."""
        ids = [stock_id(sku) for sku in skus]
        hold = {"id": order_id, **({"token": token} if token else {})}
        released = 0
        for _ in range(RELEASE_ATTEMPTS):
            held = cls._held({"_id": {"$in": ids}, "ops": {"$elemMatch": hold}}, order_id)
            if not held:
                return released
            released += cls._write([_release(each.id, each.ops[0]) for each in held])
        raise StockContended(f"The stock reserved for {order_id} keeps changing; retry the release")

    @classmethod
    def _held(cls, query: Mapping[str, Any], order_id: str) -> list[HeldStock]:
        shown = {"sku": 1, "available": 1, "ops": {"$elemMatch": {"id": order_id}}}
        found = retry_on_failover(lambda: list(cls.collection().find(query, shown)))
        return [stored_as(HeldStock, each) for each in found]

    @classmethod
    def orders_holding(cls, skus: Iterable[str]) -> set[str]:
        """Return the ids of all orders that hold some of these SKUs."""
        ids = [stock_id(sku) for sku in skus]
        return set(cls.collection().distinct("ops.id", {"_id": {"$in": ids}}))

    @classmethod
    def commit_shipments(cls, shipments: Iterable[Shipped]) -> int:
        """
        Subtract shipped units from on hand and from their reservations; return how many SKUs changed.

        The shipment's id stays in the reservation while that is open; once the reservation is used up, a second
        delivery of the shipment finds none.
        """
        return cls._write(
            update
            for shipped in shipments
            for sku, quantity in shipped.quantities.items()
            for update in _commitments(sku, shipped.order_id, shipped.shipment_id, quantity)
        )

    @classmethod
    def release_part(cls, order_id: str, part: str, quantities: Mapping[str, int]) -> int:
        """Release some of the units that an order holds; return in how many SKUs. `part` names them: once per name."""
        return cls._write(
            update
            for sku, quantity in quantities.items()
            for update in _reductions(sku, order_id, part, quantity, {"reserved": -quantity, "available": quantity})
        )

    @classmethod
    def _write(cls, updates: Iterable[UpdateOne]) -> int:
        """Write in bulk and return how many updates found their document."""
        writes = (partial(cls.collection().bulk_write, chunk, ordered=False) for chunk in _chunks(updates))
        return sum(retry_on_failover(write).matched_count for write in writes)


def _release(document_id: str, hold: StockHold) -> UpdateOne:
    held = {"id": hold.order_id, "token": hold.token}
    return UpdateOne(
        {"_id": document_id, "ops": {"$elemMatch": {**held, "quantity": hold.quantity}}},
        {"$inc": {"reserved": -hold.quantity, "available": hold.quantity}, "$pull": {"ops": held}, **_changed_now()},
    )


def _commitments(sku: str, order_id: str, shipment_id: str, quantity: int) -> Iterator[UpdateOne]:
    return _reductions(sku, order_id, shipment_id, quantity, {"on_hand": -quantity, "reserved": -quantity})


def _reductions(sku: str, order_id: str, part: str, quantity: int, levels: Mapping[str, int]) -> Iterator[UpdateOne]:
    """
    Return two updates of which one applies: the reservation shrinks, or is removed when it is used up.

    `levels` is what the stock's levels change by; `part`, such as a shipment's id, makes it happen once.
    """
    unseen = {"id": order_id, "shipments": {"$ne": part}}
    yield UpdateOne(
        {"_id": stock_id(sku), "ops": {"$elemMatch": {**unseen, "quantity": {"$gt": quantity}}}},
        {"$inc": {**levels, "ops.$.quantity": -quantity}, "$push": {"ops.$.shipments": part}, **_changed_now()},
    )
    yield UpdateOne(
        {"_id": stock_id(sku), "ops": {"$elemMatch": {**unseen, "quantity": quantity}}},
        {"$inc": dict(levels), "$pull": {"ops": {"id": order_id}}, **_changed_now()},
    )


def _changed_now() -> dict[str, Any]:
    return {"$set": {"updated_at": now()}}


def _chunks(updates: Iterable[UpdateOne]) -> Iterator[list[UpdateOne]]:
    iterator = iter(updates)
    while chunk := list(islice(iterator, OPERATIONS_PER_WRITE)):
        yield chunk
