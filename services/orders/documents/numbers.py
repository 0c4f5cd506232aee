"""Order numbers: rising and never given twice; one may stay unused."""

from __future__ import annotations

from typing import Any

from pymongo import ReturnDocument

from shared.data.persistence import database, retry_on_failover


def next_order_number() -> str:
    """Return the next number, such as `SO-000123`."""
    counters = database("orders")["counters"]
    counted: Any = retry_on_failover(
        lambda: counters.find_one_and_update(
            {"_id": "order_number"}, {"$inc": {"value": 1}}, upsert=True, return_document=ReturnDocument.AFTER
        )
    )
    return f"SO-{counted['value']:06d}"
