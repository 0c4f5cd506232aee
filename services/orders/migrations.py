"""Changes of what the orders service has stored, in their order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pymongo import UpdateOne
from pymongo.database import Database

from shared.base.search_terms import LONGEST_TERM, folded, terms_of
from shared.data.migrations import Migration

ORDERS_PER_BATCH = 200
READ = {"number": 1, "po_number": 1, "reference": 1, "line_items.sku": 1, "search_terms": 1}


def find_orders_by_text(database: Database[Any]) -> Iterator[None]:
    """Give search terms to the orders of versions that could not be searched."""
    orders, last = database["orders"], ""
    while batch := list(orders.find({"_id": {"$gt": last}}, READ).sort("_id", 1).limit(ORDERS_PER_BATCH)):
        changes = [
            UpdateOne({"_id": each["_id"], "search_terms": None}, {"$set": {"search_terms": _terms(each)}})
            for each in batch
            if not each.get("search_terms")
        ]
        if changes:
            orders.bulk_write(changes, ordered=False)
        last = batch[-1]["_id"]
        yield


def _terms(order: dict[str, Any]) -> list[str]:
    texts = [str(order.get(name) or "") for name in ("number", "po_number", "reference")]
    skus = [str(line.get("sku") or "") for line in order.get("line_items") or []]
    return sorted({*(term for text in texts for term in terms_of(text)), *(folded(sku)[:LONGEST_TERM] for sku in skus)})


MIGRATIONS = (Migration(1, "find_orders_by_text", find_orders_by_text),)
