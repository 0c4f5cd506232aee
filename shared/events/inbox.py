"""Remembers which handler has seen which event, so that a delivery that comes twice is handled once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from pymongo.collection import Collection
from pymongo.errors import BulkWriteError

from shared.base.clock import now
from shared.data.persistence import building_indexes, database

KEPT_FOR = timedelta(days=14)
DUPLICATE_KEY = 11000


def ensure_indexes(service: str) -> None:
    with building_indexes():
        _inbox(service).create_index("seen_at", expireAfterSeconds=int(KEPT_FOR.total_seconds()))


def row(event_id: str, handler: str) -> str:
    """Return the unique key of one event in front of one handler."""
    return f"{event_id}:{handler}"


def seen(service: str, rows: Iterable[str]) -> set[str]:
    """Return those of `rows` that were handled before, in one query."""
    return {each["_id"] for each in _inbox(service).find({"_id": {"$in": list(rows)}}, {"_id": 1})}


def remember(service: str, rows: Iterable[str]) -> None:
    """Note that these were handled; one that another consumer noted at the same moment is fine."""
    moment = now()
    documents = [{"_id": each, "seen_at": moment} for each in rows]
    if not documents:
        return
    try:
        _inbox(service).insert_many(documents, ordered=False)
    except BulkWriteError as failure:
        if any(each["code"] != DUPLICATE_KEY for each in failure.details["writeErrors"]):
            raise


def _inbox(service: str) -> Collection[dict[str, Any]]:
    return database(service)["inbox"]
