"""The inbox: which handler has handled which event, so that a duplicate delivery is handled once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from pymongo import InsertOne
from pymongo.collection import Collection

from shared.base.clock import now
from shared.data.persistence import building_indexes, database, write_unordered

KEPT_FOR = timedelta(days=14)


def ensure_indexes(service: str) -> None:
    with building_indexes():
        _inbox(service).create_index("seen_at", expireAfterSeconds=int(KEPT_FOR.total_seconds()))


def row(event_id: str, handler: str) -> str:
    """Return the unique key of one event and one handler."""
    return f"{event_id}:{handler}"


def seen(service: str, rows: Iterable[str]) -> set[str]:
    """Return the rows that are stored as handled, in one query."""
    return {each["_id"] for each in _inbox(service).find({"_id": {"$in": list(rows)}}, {"_id": 1})}


def remember(service: str, rows: Iterable[str]) -> None:
    """Store these rows as handled; a row that another consumer stored at the same moment is no error."""
    moment = now()
    write_unordered(_inbox(service), [InsertOne({"_id": each, "seen_at": moment}) for each in rows])


def _inbox(service: str) -> Collection[dict[str, Any]]:
    return database(service)["inbox"]
