"""Stock: one document per SKU and warehouse, changed only by guarded updates that hold effect and dedupe together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from mongoengine import DateTimeField, Document, IntField, ListField, StringField
from pymongo import UpdateOne
from pymongo.collection import Collection

from services.products.errors import StockContended
from services.products.rules.stock import StockView
from shared.data.persistence import retry_on_failover

WAREHOUSE = "main"
LEVELS = {"sku": 1, "on_hand": 1, "reserved": 1, "available": 1}
OPERATIONS_PER_WRITE = 2_000
RELEASE_ROUNDS = 10


def stock_id(sku: str) -> str:
    return f"{WAREHOUSE}/{sku}"


class Stock(Document):
    """
    What lies in one warehouse of one SKU; a SKU without this document is not stocked.

    `available` is `on_hand - reserved`. `ops` holds open reservations only, as {id, token, quantity, shipments}: `id`
    is the order, `token` the attempt that took it, `quantity` what is left of it, `shipments` those already taken off.
    """

    id = StringField(primary_key=True)
    sku = StringField(required=True)
    warehouse = StringField(required=True)
    on_hand = IntField(required=True)
    reserved = IntField(default=0)
    available = IntField(required=True)
    ops = ListField()
    updated_at = DateTimeField()

    meta = {"collection": "stock", "db_alias": "products", "strict": False, "auto_create_index": False}

    @classmethod
    def collection(cls) -> Collection[dict[str, Any]]:
        return cls._get_collection()

    @classmethod
    def levels(cls, skus: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Return {on_hand, reserved, available} by SKU, in one query; what is not stocked is absent."""
        ids = [stock_id(sku) for sku in skus]
        found = retry_on_failover(lambda: list(cls.collection().find({"_id": {"$in": ids}}, LEVELS)))
        return {each["sku"]: each for each in found}

    @classmethod
    def take(cls, order_id: str, token: str, quantities: Mapping[str, int]) -> bool:
        """Reserve what there is of each SKU, each once per order; tell whether every one was taken just now."""
        updates = [
            UpdateOne(
                {"_id": stock_id(sku), "available": {"$gte": quantity}, "ops.id": {"$ne": order_id}},
                {
                    "$inc": {"reserved": quantity, "available": -quantity},
                    "$push": {"ops": {"id": order_id, "token": token, "quantity": quantity, "shipments": []}},
                },
            )
            for sku, quantity in sorted(quantities.items())
        ]
        return cls._write(updates) == len(updates)

    @classmethod
    def views(cls, order_id: str, token: str, skus: Iterable[str]) -> dict[str, StockView]:
        """Return, of the stocked SKUs, what is available and what this attempt holds."""
        views: dict[str, StockView] = {}
        for each in cls._held({"_id": {"$in": [stock_id(sku) for sku in skus]}}, order_id):
            mine = [op["quantity"] for op in each.get("ops", ()) if op["token"] == token]
            views[each["sku"]] = {"available": each["available"], "held": sum(mine)}
        return views

    @classmethod
    def put_back(cls, order_id: str, skus: Iterable[str], *, token: str | None = None) -> int:
        """Release what the order still holds, of one attempt if `token` is given; return in how many SKUs."""
        ids = [stock_id(sku) for sku in skus]
        mine = {"id": order_id, **({"token": token} if token else {})}
        released = 0
        for _ in range(RELEASE_ROUNDS):
            held = cls._held({"_id": {"$in": ids}, "ops": {"$elemMatch": mine}}, order_id)
            if not held:
                return released
            released += cls._write([_release(each["_id"], each["ops"][0]) for each in held])
        raise StockContended(f"The reservation of {order_id} keeps changing")

    @classmethod
    def _held(cls, query: Mapping[str, Any], order_id: str) -> list[dict[str, Any]]:
        shown = {"sku": 1, "available": 1, "ops": {"$elemMatch": {"id": order_id}}}
        return retry_on_failover(lambda: list(cls.collection().find(query, shown)))

    @classmethod
    def orders_holding(cls, skus: Iterable[str]) -> set[str]:
        """Return the ids of all orders that hold some of these SKUs."""
        ids = [stock_id(sku) for sku in skus]
        return set(cls.collection().distinct("ops.id", {"_id": {"$in": ids}}))

    @classmethod
    def commit_shipments(cls, shipments: Iterable[tuple[str, str, Mapping[str, int]]]) -> int:
        """
        Take shipped units off on hand and off their reservations; return how many SKUs changed.

        `shipments` are (order, shipment, units per SKU). The shipment's id stays in the reservation while that is open;
        once it is used up there is no reservation left that a second delivery could find.
        """
        return sum(
            cls._write(updates)
            for updates in _chunks(
                update
                for order_id, shipment_id, quantities in shipments
                for sku, quantity in quantities.items()
                for update in _commitments(sku, order_id, shipment_id, quantity)
            )
        )

    @classmethod
    def _write(cls, updates: list[UpdateOne]) -> int:
        if not updates:
            return 0
        return retry_on_failover(lambda: cls.collection().bulk_write(updates, ordered=False)).matched_count


def _release(document_id: str, op: Mapping[str, Any]) -> UpdateOne:
    held = {"id": op["id"], "token": op["token"]}
    return UpdateOne(
        {"_id": document_id, "ops": {"$elemMatch": {**held, "quantity": op["quantity"]}}},
        {"$inc": {"reserved": -op["quantity"], "available": op["quantity"]}, "$pull": {"ops": held}},
    )


def _commitments(sku: str, order_id: str, shipment_id: str, quantity: int) -> Iterator[UpdateOne]:
    """Return two updates of which one applies: the reservation shrinks, or goes when it is used up."""
    unseen = {"id": order_id, "shipments": {"$ne": shipment_id}}
    gone = {"on_hand": -quantity, "reserved": -quantity}
    yield UpdateOne(
        {"_id": stock_id(sku), "ops": {"$elemMatch": {**unseen, "quantity": {"$gt": quantity}}}},
        {"$inc": {**gone, "ops.$.quantity": -quantity}, "$push": {"ops.$.shipments": shipment_id}},
    )
    yield UpdateOne(
        {"_id": stock_id(sku), "ops": {"$elemMatch": {**unseen, "quantity": quantity}}},
        {"$inc": gone, "$pull": {"ops": {"id": order_id}}},
    )


def _chunks(updates: Iterable[UpdateOne]) -> Iterator[list[UpdateOne]]:
    iterator = iter(updates)
    while chunk := list(islice(iterator, OPERATIONS_PER_WRITE)):
        yield chunk
