"""Setting what lies in the warehouse, one SKU or a batch, while orders reserve and ship."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pymongo import DeleteOne, UpdateOne
from pymongo.errors import BulkWriteError

from services.products.documents.stock import WAREHOUSE, Stock, stock_id
from services.products.errors import StockBelowReserved, StockContended
from shared.base.clock import now
from shared.base.errors import Problem
from shared.data.persistence import retry_on_failover

DUPLICATE_KEY = 11000
ATTEMPTS = 20
T = TypeVar("T")
Level = Mapping[str, Any] | None


def set_on_hand(sku: str, on_hand: int) -> None:
    """Set what lies in the warehouse, counted; raise StockBelowReserved if orders hold more than that."""

    def attempt() -> bool:
        current = Stock.levels([sku]).get(sku)
        _require_free(sku, current, down_to=on_hand)
        return _written([counting(sku, on_hand, current)]) == 1

    _until_done(attempt, sku)


def stop_stocking(sku: str) -> None:
    """Forget the stock, so that the SKU can be ordered without limit; raise StockBelowReserved if orders hold any."""

    def attempt() -> bool:
        current = Stock.levels([sku]).get(sku)
        _require_free(sku, current, down_to=0)
        return current is None or _written([_unstocking(sku)]) == 1

    _until_done(attempt, sku)


def count_many(targets: Mapping[str, int | None]) -> tuple[set[str], dict[str, str]]:
    """
    Set on hand of many SKUs in one read and one write; None stops stocking.

    Return the SKUs that changed, and those refused with the reason.
    """
    levels = Stock.levels(targets)
    writes: list[Any] = []
    changed: set[str] = set()
    refused: dict[str, str] = {}
    for sku, target in targets.items():
        current = levels.get(sku)
        if target == (None if current is None else current["on_hand"]):
            continue
        if current is not None and current["reserved"] > (target or 0):
            refused[sku] = f"Orders hold {current['reserved']} of it."
            continue
        writes.append(_unstocking(sku) if target is None else counting(sku, target, current))
        changed.add(sku)
    if _written(writes) < len(writes):
        refused |= _count_stragglers({sku: targets[sku] for sku in changed})
    return changed - refused.keys(), refused


def _count_stragglers(targets: Mapping[str, int | None]) -> dict[str, str]:
    """Count again, one by one, what somebody else changed between reading and writing; return what is refused."""
    levels = Stock.levels(targets)
    refused: dict[str, str] = {}
    for sku, target in targets.items():
        if target == (levels[sku]["on_hand"] if sku in levels else None):
            continue
        try:
            stop_stocking(sku) if target is None else set_on_hand(sku, target)
        except Problem as refusal:
            refused[sku] = refusal.detail
    return refused


def _require_free(sku: str, current: Level, *, down_to: int) -> None:
    """Refuse to count below what is reserved."""
    reserved = 0 if current is None else current["reserved"]
    if reserved > down_to:
        raise StockBelowReserved(f"Orders hold {reserved} of {sku}", reserved=reserved)


def counting(sku: str, on_hand: int, current: Level) -> UpdateOne:
    """Return the write that sets on hand, if it is still what `current` says and orders hold no more than that."""
    moment = now()
    if current is None:
        fresh = {"sku": sku, "warehouse": WAREHOUSE, "on_hand": on_hand, "reserved": 0, "available": on_hand, "ops": []}
        return UpdateOne({"_id": stock_id(sku)}, {"$setOnInsert": {**fresh, "updated_at": moment}}, upsert=True)
    change = on_hand - current["on_hand"]
    return UpdateOne(
        {"_id": stock_id(sku), "on_hand": current["on_hand"], "available": {"$gte": -change}},
        {"$inc": {"on_hand": change, "available": change}, "$set": {"updated_at": moment}},
    )


def _unstocking(sku: str) -> DeleteOne:
    return DeleteOne({"_id": stock_id(sku), "reserved": 0})


def _written(writes: list[Any]) -> int:
    """Write, and return how many took effect; an insert of what is there meanwhile counts as none."""
    if not writes:
        return 0
    try:
        result = retry_on_failover(lambda: Stock.collection().bulk_write(writes, ordered=False)).bulk_api_result
    except BulkWriteError as failure:
        if any(each["code"] != DUPLICATE_KEY for each in failure.details["writeErrors"]):
            raise
        result = dict(failure.details)
    # An upsert that found a document reports a match without a modification, and did nothing.
    return int(result["nModified"] + result["nUpserted"] + result["nRemoved"])


def _until_done(attempt: Callable[[], bool], sku: str) -> None:
    for _ in range(ATTEMPTS):
        if attempt():
            return
    raise StockContended(f"The stock of {sku} keeps changing")
