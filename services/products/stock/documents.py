"""Stock: one document per SKU and warehouse, changed only by guarded updates that hold effect and dedupe together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import Any

from mongoengine import DateTimeField, Document, IntField, StringField
from pymongo import DeleteOne, UpdateOne
from pymongo.collection import Collection

from services.products.errors import StockBelowReserved, StockContended
from services.products.stock.rules import HeldStock, Shipped, StockHold, StockLevel, StockView, stock_revision
from shared.base.clock import now
from shared.base.errors import Problem
from shared.base.preconditions import ANY_STATE, Precondition
from shared.data.persistence import retry_on_failover, write_unordered
from shared.data.struct_fields import StructListField, read_each, stored_as, to_stored

WAREHOUSE = "main"
LEVEL_FIELDS = {"sku": 1, "on_hand": 1, "reserved": 1, "available": 1}
OPERATIONS_PER_WRITE = 2_000
RELEASE_ATTEMPTS = 10
SET_ATTEMPTS = 20


def stock_id(sku: str) -> str:
    """Return the id of the SKU's stock document."""
    return f"{WAREHOUSE}/{sku}"


class Stock(Document):
    """
    The stock of one SKU in one warehouse; a SKU without this document is not stocked.

    `available` is `on_hand - reserved`. `ops` holds a StockHold per open reservation.
    """

    id = StringField(primary_key=True)
    sku = StringField(required=True)
    warehouse = StringField(required=True)
    on_hand = IntField(required=True)
    reserved = IntField(default=0)
    available = IntField(required=True)
    ops = StructListField(StockHold)
    updated_at = DateTimeField()

    meta = {"collection": "stock", "db_alias": "products", "strict": False, "auto_create_index": False}

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
        {"$inc": {"reserved": -hold.quantity, "available": hold.quantity}, "$pull": {"ops": held}},
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
        {"$inc": {**levels, "ops.$.quantity": -quantity}, "$push": {"ops.$.shipments": part}},
    )
    yield UpdateOne(
        {"_id": stock_id(sku), "ops": {"$elemMatch": {**unseen, "quantity": quantity}}},
        {"$inc": dict(levels), "$pull": {"ops": {"id": order_id}}},
    )


def _chunks(updates: Iterable[UpdateOne]) -> Iterator[list[UpdateOne]]:
    iterator = iter(updates)
    while chunk := list(islice(iterator, OPERATIONS_PER_WRITE)):
        yield chunk


def set_on_hand(sku: str, on_hand: int, precondition: Precondition = ANY_STATE) -> None:
    """Set the units on hand; raise StockBelowReserved if orders reserve more than that."""

    def attempt() -> bool:
        current = Stock.level(sku)
        precondition.require(stock_revision(current.on_hand if current else None))
        _require_free(sku, current, down_to=on_hand)
        return _changed([on_hand_update(sku, on_hand, current)]) == 1

    _retry_until_set(attempt, sku)


def stop_stocking(sku: str, precondition: Precondition = ANY_STATE) -> None:
    """Delete the stock, so that the SKU can be ordered without limit; raise StockBelowReserved if any is reserved."""

    def attempt() -> bool:
        current = Stock.level(sku)
        precondition.require(stock_revision(current.on_hand if current else None))
        _require_free(sku, current, down_to=0)
        unchanged = {"on_hand": current.on_hand} if current and precondition != ANY_STATE else {}
        return current is None or _changed([_stock_deletion(sku, **unchanged)]) == 1

    _retry_until_set(attempt, sku)


def set_many(targets: Mapping[str, int | None]) -> tuple[set[str], dict[str, str]]:
    """
    Set the units on hand of many SKUs in one read and one write; None stops stocking.

    Return the SKUs that changed, and those refused with the reason.
    """
    levels = Stock.levels(targets)
    writes: list[UpdateOne | DeleteOne] = []
    changed: set[str] = set()
    refused: dict[str, str] = {}
    for sku, target in targets.items():
        current = levels.get(sku)
        if target == (None if current is None else current.on_hand):
            continue
        refusal = _refusal(current, target or 0)
        if refusal is not None:
            refused[sku] = refusal
            continue
        writes.append(_stock_deletion(sku) if target is None else on_hand_update(sku, target, current))
        changed.add(sku)
    if _changed(writes) < len(writes):
        refused |= _set_conflicting({sku: targets[sku] for sku in changed})
    return changed - refused.keys(), refused


def refusals_of(targets: Mapping[str, int | None]) -> dict[str, str]:
    """Return those of the SKUs whose units on hand `set_many` would refuse to set at this moment, with the reason."""
    levels = Stock.levels(targets)
    return {
        sku: refusal
        for sku, target in targets.items()
        if (refusal := _refusal(levels.get(sku), 0 if target is None else target))
    }


def _refusal(current: StockLevel | None, down_to: int) -> str | None:
    if current is None or current.reserved <= down_to:
        return None
    return f"Stock cannot be set below the {current.reserved} units that orders reserve."


def _set_conflicting(targets: Mapping[str, int | None]) -> dict[str, str]:
    """Set, one by one, the SKUs that another process changed between read and write; return those refused."""
    levels = Stock.levels(targets)
    refused: dict[str, str] = {}
    for sku, target in targets.items():
        if target == (levels[sku].on_hand if sku in levels else None):
            continue
        try:
            stop_stocking(sku) if target is None else set_on_hand(sku, target)
        except Problem as refusal:
            refused[sku] = refusal.detail
    return refused


def _require_free(sku: str, current: StockLevel | None, *, down_to: int) -> None:
    reserved = 0 if current is None else current.reserved
    if reserved > down_to:
        raise StockBelowReserved(f"Orders reserve {reserved} units of {sku}; set at least that", reserved=reserved)


def on_hand_update(sku: str, on_hand: int, current: StockLevel | None) -> UpdateOne:
    """Return the write that sets on hand, guarded: without effect if `current` is stale or reserves more than that."""
    moment = now()
    if current is None:
        fresh = {"sku": sku, "warehouse": WAREHOUSE, "on_hand": on_hand, "reserved": 0, "available": on_hand, "ops": []}
        return UpdateOne({"_id": stock_id(sku)}, {"$setOnInsert": {**fresh, "updated_at": moment}}, upsert=True)
    change = on_hand - current.on_hand
    return UpdateOne(
        {"_id": stock_id(sku), "on_hand": current.on_hand, "available": {"$gte": -change}},
        {"$inc": {"on_hand": change, "available": change}, "$set": {"updated_at": moment}},
    )


def _stock_deletion(sku: str, **unchanged: int) -> DeleteOne:
    return DeleteOne({"_id": stock_id(sku), "reserved": 0, **unchanged})


def _changed(writes: list[UpdateOne | DeleteOne]) -> int:
    return retry_on_failover(lambda: write_unordered(Stock.collection(), writes))


def _retry_until_set(attempt: Callable[[], bool], sku: str) -> None:
    for _ in range(SET_ATTEMPTS):
        if attempt():
            return
    raise StockContended(f"The stock of {sku} keeps changing; retry")
