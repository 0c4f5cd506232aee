"""One uploaded product file: the progress and the outcome of its import."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec
from mongoengine import BooleanField, DateTimeField, IntField, ListField, StringField
from pymongo import ReturnDocument

from services.products.batches.documents import BatchResult
from services.products.batches.rules import RowChange
from services.products.formats.rules import FileFormat
from services.products.imports.rules import CheckedFile
from services.products.rows.rules import RowFault
from shared.base.clock import now
from shared.base.ids import new_id
from shared.base.numbers import DecimalMark
from shared.base.pages import PageRequest
from shared.data.pagination import Page, page
from shared.data.persistence import Aggregate, retry_on_failover
from shared.data.struct_fields import StructField, StructListField, read_each, stored_as, to_stored
from shared.events.catalog.products import ImportRequested

STALLED_AFTER = timedelta(seconds=20)
MAX_ATTEMPTS = 10
MAX_ERRORS = 100
MAX_NOTICES = 100
MAX_CHANGES = 100


class ImportStatus(StrEnum):
    """Row errors do not fail an import; only a file that cannot be read at all does."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class ImportRun(msgspec.Struct, frozen=True):
    """An import as the job that runs it sees it: `runner` names the job, `rows_read` is where to go on."""

    id: str = msgspec.field(name="_id")
    file_key: str
    runner: str
    attempts: int = 0
    rows_read: int = 0
    sold_currencies: list[str] = []
    decimal_mark: str = ""
    is_dry_run: bool = False


class ImportSummary(msgspec.Struct, frozen=True, kw_only=True):
    """An import in a list, without its rows; stored ones of older versions lack the fields with defaults."""

    id: str = msgspec.field(name="_id")
    filename: str
    status: str = ImportStatus.QUEUED.value
    created_at: datetime
    is_dry_run: bool = False
    rows_total: int | None = None
    rows_read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    failed: int = 0
    finished_at: datetime | None = None


class StalledImport(msgspec.Struct, frozen=True, kw_only=True):
    """An unfinished import whose heartbeat is old."""

    id: str = msgspec.field(name="_id")
    attempts: int = 0


class ProductImport(Aggregate):
    """
    An import and its progress; `rows_read` is where a killed one is resumed.

    `runner` is the job at work, `heartbeat_at` the time of its last batch. `errors` and `notices` hold the first
    hundred each. `failed_parts` names the stored files of failed rows, each by the rows that were read before it.
    `sold_currencies` is what the installation sold in at the upload, so that a resumed import refuses the same rows.
    """

    id_prefix = "imp"
    noun = "Import"

    filename = StringField(required=True)
    file_key = StringField(required=True)
    sold_currencies = ListField(StringField())
    status = StringField(default=ImportStatus.QUEUED.value)
    rows_read = IntField(default=0)
    created = IntField(default=0)
    updated = IntField(default=0)
    unchanged = IntField(default=0)
    failed = IntField(default=0)
    decimal_mark = StringField()
    is_dry_run = BooleanField(default=False)
    file_format = StructField(FileFormat)
    rows_total = IntField()
    columns = ListField(StringField())
    errors = StructListField(RowFault)
    notices = StructListField(RowFault)
    failed_parts = ListField(IntField())
    changes = StructListField(RowChange)
    runner = StringField()
    attempts = IntField(default=0)
    heartbeat_at = DateTimeField()
    finished_at = DateTimeField()

    meta = {"collection": "imports", "db_alias": "products", "indexes": [{"fields": ["status", "heartbeat_at"]}]}

    def request(self) -> None:
        """Record the event that starts the import."""
        self.heartbeat_at = now()
        self.record(ImportRequested(import_id=self.id))

    @classmethod
    def claim(cls, import_id: str) -> ImportRun | None:
        """Return the import for this job to run, or None when it is done or another job's heartbeat is fresh."""
        moment = now()
        stalled = {"status": ImportStatus.RUNNING.value, "heartbeat_at": {"$lt": moment - STALLED_AFTER}}
        claimed = retry_on_failover(
            lambda: cls.collection().find_one_and_update(
                {"_id": import_id, "$or": [{"status": ImportStatus.QUEUED.value}, stalled]},
                {
                    "$set": {"status": ImportStatus.RUNNING.value, "runner": new_id("run"), "heartbeat_at": moment},
                    "$inc": {"attempts": 1},
                },
                return_document=ReturnDocument.AFTER,
            )
        )
        return None if claimed is None else stored_as(ImportRun, claimed)

    @property
    def listed(self) -> list[RowFault]:
        """The faults, then the notices."""
        return [*self.errors, *self.notices]

    @property
    def mark(self) -> DecimalMark:
        """The decimal mark with which the file was read."""
        return DecimalMark[self.file_format.decimal_mark.upper()] if self.file_format else DecimalMark.POINT

    @property
    def has_failed_rows(self) -> bool:
        return bool(self.failed_parts)

    @classmethod
    def beat(cls, run: ImportRun, checked: CheckedFile | None = None) -> None:
        """Record that the job is at work, and what it found in the file."""
        found: dict[str, object] = (
            {}
            if checked is None
            else {"rows_total": checked.rows, "columns": checked.columns, "file_format": to_stored(checked.found)}
        )
        update = {"$set": {"heartbeat_at": now(), **found}}
        retry_on_failover(lambda: cls.collection().update_one({"_id": run.id, "runner": run.runner}, update))

    @classmethod
    def summaries(cls, wanted: PageRequest) -> Page[ImportSummary]:
        """Return one page of all imports, newest first: their ids begin with the time."""
        names = dict.fromkeys((field.encode_name for field in msgspec.structs.fields(ImportSummary)), 1)
        found = page(cls.collection(), {}, wanted, sort=[("_id", -1, str)], fields=names)
        return found.readable(lambda each: stored_as(ImportSummary, each))

    @classmethod
    def advance(cls, run: ImportRun, result: BatchResult, *, has_part: bool = False) -> ImportRun | None:
        """Add the result of one batch and return the run after it; None when another job claimed the import."""
        counts = result.counts
        added = _push(result.faults, result.changes)
        update: dict[str, object] = {"$inc": dict(counts), "$set": {"heartbeat_at": now()}, **added}
        if has_part:
            update["$addToSet"] = {"failed_parts": run.rows_read}
        expected = {"_id": run.id, "runner": run.runner, "rows_read": run.rows_read}
        after = msgspec.structs.replace(run, rows_read=run.rows_read + counts["rows_read"])
        if retry_on_failover(lambda: cls.collection().update_one(expected, update)).matched_count:
            return after
        # After a broken connection the update may have been written already.
        expected["rows_read"] = after.rows_read
        return None if cls.collection().find_one(expected, {"_id": 1}) is None else after

    @classmethod
    def hand_back(cls, run: ImportRun) -> None:
        """Queue the import again without counting an attempt: its worker was stopped, the import did not fail."""
        update = {"$set": {"status": ImportStatus.QUEUED.value}, "$unset": {"runner": 1}, "$inc": {"attempts": -1}}
        retry_on_failover(lambda: cls.collection().update_one({"_id": run.id, "runner": run.runner}, update))

    @classmethod
    def finish(cls, run: ImportRun, status: ImportStatus, faults: Sequence[RowFault] = ()) -> None:
        """Set the final status of the run's import."""
        moment = now()
        final = {"status": status.value, "finished_at": moment, "heartbeat_at": moment}
        unfinished = {"_id": run.id, "runner": run.runner, "finished_at": None}
        update = {"$set": final, **_push(faults)}
        retry_on_failover(lambda: cls.collection().update_one(unfinished, update))

    @classmethod
    def stalled(cls) -> list[StalledImport]:
        """Return unfinished imports whose heartbeat is old."""
        unfinished = [ImportStatus.QUEUED.value, ImportStatus.RUNNING.value]
        query = {"status": {"$in": unfinished}, "heartbeat_at": {"$lt": now() - STALLED_AFTER}}
        return read_each(cls.collection().find(query, {"attempts": 1}), lambda each: stored_as(StalledImport, each))


def _push(faults: Sequence[RowFault], changes: Sequence[RowChange] = ()) -> dict[str, object]:
    """Return the update that adds faults, notices and changes to their lists, which keep the first ones."""
    errors = [to_stored(each) for each in faults if not each.is_notice]
    notices = [to_stored(each) for each in faults if each.is_notice]
    added = {
        name: {"$each": found, "$slice": limit}
        for name, found, limit in (
            ("errors", errors, MAX_ERRORS),
            ("notices", notices, MAX_NOTICES),
            ("changes", [to_stored(each) for each in changes[:MAX_CHANGES]], MAX_CHANGES),
        )
        if found
    }
    return {"$push": added} if added else {}
