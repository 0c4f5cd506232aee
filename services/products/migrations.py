"""Changes of what the products service has stored, in their order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pymongo.database import Database

from shared.base.clock import now
from shared.data.migrations import Migration

PER_BATCH = 1_000


def date_every_change(database: Database[Any]) -> Iterator[None]:
    """Give a time of change to products and stock that have none, so that lists of changes have them."""
    for name in ("products", "stock"):
        collection = database[name]
        undated = {"updated_at": None}
        while batch := [each["_id"] for each in collection.find(undated, {"_id": 1}).limit(PER_BATCH)]:
            collection.update_many({"_id": {"$in": batch}, **undated}, {"$set": {"updated_at": now()}})
            yield


MIGRATIONS = (Migration(1, "date_every_change", date_every_change),)
