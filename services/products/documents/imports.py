"""One uploaded product file: what became of it, row by row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Any

from mongoengine import DateTimeField, IntField, ListField, StringField
from pymongo import ReturnDocument

from shared.base.clock import now
from shared.base.ids import new_id
from shared.data.persistence import Aggregate, retry_on_failover
from shared.events.catalog.products import ImportRequested

STALLED_AFTER = timedelta(seconds=20)
MAX_ATTEMPTS = 10
MAX_ERRORS = 100
COUNTS = ("rows_read", "created", "updated", "unchanged", "failed")


class ImportStatus(StrEnum):
    """Row errors do not fail an import; only a file that cannot be read at all does."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class ProductImport(Aggregate):
    """
    An import and its progress; `rows_read` says from where a killed one is resumed.

    `runner` is the job at work, `heartbeat_at` its last sign of life. `errors` holds the first hundred.
    """

    id_prefix = "imp"
    noun = "Import"

    filename = StringField(required=True)
    file_key = StringField(required=True)
    uploaded_by = StringField(required=True)
    status = StringField(default=ImportStatus.QUEUED.value)
    rows_read = IntField(default=0)
    created = IntField(default=0)
    updated = IntField(default=0)
    unchanged = IntField(default=0)
    failed = IntField(default=0)
    errors = ListField()
    runner = StringField()
    attempts = IntField(default=0)
    heartbeat_at = DateTimeField()
    finished_at = DateTimeField()

    meta = {"collection": "imports", "db_alias": "products", "indexes": [{"fields": ["status", "heartbeat_at"]}]}

    def request(self) -> None:
        self.heartbeat_at = now()
        self.record(ImportRequested(import_id=self.id))

    @classmethod
    def claim(cls, import_id: str) -> dict[str, Any] | None:
        """Return the import for this job to run, or None when it is done or another job shows signs of life."""
        moment = now()
        idle = [{"status": ImportStatus.QUEUED}, _stalled()]
        return retry_on_failover(
            lambda: cls.collection().find_one_and_update(
                {"_id": import_id, "$or": idle},
                {
                    "$set": {"status": ImportStatus.RUNNING.value, "runner": new_id("run"), "heartbeat_at": moment},
                    "$inc": {"attempts": 1},
                },
                return_document=ReturnDocument.AFTER,
            )
        )

    @classmethod
    def advance(
        cls, run: Mapping[str, Any], counts: Mapping[str, int], errors: Sequence[Mapping[str, Any]] = ()
    ) -> bool:
        """Add one batch's outcome; False when another job took over."""
        rows_before = run["rows_read"]
        update = {
            "$inc": dict(counts),
            "$set": {"heartbeat_at": now()},
            "$push": {"errors": {"$each": [dict(each) for each in errors], "$slice": MAX_ERRORS}},
        }
        mine = {"_id": run["_id"], "runner": run["runner"], "rows_read": rows_before}
        written = retry_on_failover(lambda: cls.collection().update_one(mine, update)).matched_count
        if not written:  # or it was, before the connection broke
            mine["rows_read"] = rows_before + counts["rows_read"]
            return cls.collection().find_one(mine, {"_id": 1}) is not None
        return True

    @classmethod
    def hand_back(cls, run: Mapping[str, Any]) -> None:
        """Let the next job take over at once: no attempt has failed, only a machine was taken away."""
        update = {"$set": {"status": ImportStatus.QUEUED.value}, "$unset": {"runner": 1}, "$inc": {"attempts": -1}}
        retry_on_failover(lambda: cls.collection().update_one({"_id": run["_id"], "runner": run["runner"]}, update))

    @classmethod
    def finish(cls, run: Mapping[str, Any], status: ImportStatus, errors: Sequence[Mapping[str, Any]] = ()) -> None:
        moment = now()
        update: dict[str, Any] = {"$set": {"status": status.value, "finished_at": moment, "heartbeat_at": moment}}
        if errors:
            update["$push"] = {"errors": {"$each": [dict(each) for each in errors], "$slice": MAX_ERRORS}}
        mine = {"_id": run["_id"], "runner": run["runner"], "finished_at": None}
        retry_on_failover(lambda: cls.collection().update_one(mine, update))

    @classmethod
    def stalled(cls) -> list[dict[str, Any]]:
        """Return unfinished imports without a sign of life."""
        before = now() - STALLED_AFTER
        unfinished = [ImportStatus.QUEUED.value, ImportStatus.RUNNING.value]
        query = {"status": {"$in": unfinished}, "heartbeat_at": {"$lt": before}}
        return list(cls.collection().find(query, {"attempts": 1}))


def _stalled() -> dict[str, Any]:
    return {"status": ImportStatus.RUNNING.value, "heartbeat_at": {"$lt": now() - STALLED_AFTER}}
