"""Writes that set units on hand, guarded by what was read; a SKU that is not stocked any more leaves a note."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from pymongo import DeleteOne, UpdateOne

from services.products.errors import StockBelowReserved, StockContended
from services.products.stock.documents import WAREHOUSE, Stock, stock_id
from services.products.stock.rules import StockLevel, stock_revision
from shared.base.clock import now
from shared.base.errors import Problem
from shared.base.preconditions import ANY_STATE, Precondition
from shared.data.persistence import retry_on_failover, write_unordered

SET_ATTEMPTS = 20


def stopped_id(sku: str) -> str:
    """Return the id of the note that the SKU is not stocked any more."""
    return f"stopped/{stock_id(sku)}"


def set_on_hand(sku: str, on_hand: int, precondition: Precondition = ANY_STATE) -> None:
    """Set the units on hand; raise StockBelowReserved if orders reserve more than that."""

    def attempt() -> bool:
        current, moment = Stock.level(sku), now()
        precondition.require(stock_revision(current.on_hand if current else None))
        _require_free(sku, current, down_to=on_hand)
        is_set = _changed([on_hand_update(sku, on_hand, current)]) == 1
        if is_set and current is None:
            _forget_stopped([sku], before=moment)
        return is_set

    _retry_until_set(attempt, sku)


def stop_stocking(sku: str, precondition: Precondition = ANY_STATE) -> None:
    """Delete the stock, so that the SKU can be ordered without limit; raise StockBelowReserved if any is reserved."""

    def attempt() -> bool:
        current = Stock.level(sku)
        precondition.require(stock_revision(current.on_hand if current else None))
        _require_free(sku, current, down_to=0)
        if current is None:
            return True
        _note_stopped([sku])
        unchanged = {} if precondition == ANY_STATE else {"on_hand": current.on_hand}
        return _changed([_stock_deletion(sku, **unchanged)]) == 1

    _retry_until_set(attempt, sku)


def set_many(targets: Mapping[str, int | None]) -> tuple[set[str], dict[str, str]]:
    """
    Set the units on hand of many SKUs in one read and one write; None stops stocking.

    Return the SKUs that changed, and those refused with the reason.
    """
    levels, moment = Stock.levels(targets), now()
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
    _note_stopped(sku for sku in changed if targets[sku] is None)
    written = _changed(writes)
    _forget_stopped((sku for sku in changed if sku not in levels), before=moment)
    if written < len(writes):
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


def _note_stopped(skus: Iterable[str]) -> None:
    """Note that SKUs are not stocked any more; before their stock is deleted, so that no list of changes misses it."""
    state = {"on_hand": 0, "reserved": 0, "available": 0, "is_stopped": True, "updated_at": now()}
    _changed(
        [
            UpdateOne({"_id": stopped_id(sku)}, {"$set": {"sku": sku, "warehouse": WAREHOUSE, **state}}, upsert=True)
            for sku in skus
        ]
    )


def _forget_stopped(skus: Iterable[str], *, before: datetime) -> None:
    """Delete the notes of SKUs that are stocked again; not one that a later stop has written."""
    _changed([DeleteOne({"_id": stopped_id(sku), "updated_at": {"$lt": before}}) for sku in skus])


def _stock_deletion(sku: str, **unchanged: int) -> DeleteOne:
    return DeleteOne({"_id": stock_id(sku), "reserved": 0, **unchanged})


def _changed(writes: list[UpdateOne | DeleteOne]) -> int:
    return retry_on_failover(lambda: write_unordered(Stock.collection(), writes))


def _retry_until_set(attempt: Callable[[], bool], sku: str) -> None:
    for _ in range(SET_ATTEMPTS):
        if attempt():
            return
    raise StockContended(f"The stock of {sku} keeps changing; retry")
