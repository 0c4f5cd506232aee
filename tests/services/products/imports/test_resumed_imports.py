"""Imports that were killed: requeued, resumed at their batch, with the counts of an undisturbed import."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import pytest

from services.products import jobs
from services.products.batches.documents import BatchResult, apply_batch, decide_write
from services.products.batches.rules import Batch
from services.products.catalog.documents import Product
from services.products.clients import Clients
from services.products.imports import operations
from services.products.imports.documents import ProductImport
from services.products.rows.rules import ImportedRow, parse_row
from shared.base.clock import now
from shared.base.errors import HandedBack
from shared.data.storage import LocalStorage
from shared.data.workspace import Workspace
from shared.events.jobs import connection, make_worker
from tests.factories.products import csv_file, csv_row

Import = Callable[..., dict[str, Any]]
ROWS = [csv_row(f"S{number:04}") for number in range(1_200)]


def parsed(rows: list[dict[str, str]]) -> Batch:
    found = [parse_row(number, row) for number, row in enumerate(rows, start=2)]
    valid = [row for row in found if isinstance(row, ImportedRow)]
    return Batch(rows=valid, raw={row.row: [] for row in valid})


class TestKilledImport:
    def test_is_resumed_and_counts_every_row_once(self, merchant: Any, upload: Import, hold_clock: Any) -> None:
        wanted = upload(csv_file(ROWS))
        run = ProductImport.claim(wanted["id"])
        assert run is not None
        result = apply_batch(wanted["id"], parsed(ROWS[:500]))
        assert ProductImport.advance(run, result)
        apply_batch(wanted["id"], parsed(ROWS[500:1_000]))  # written, and killed before it was counted
        hold_clock(now() + timedelta(seconds=25))

        jobs.requeue_stalled_imports()
        make_worker("products", connection()).work(burst=True, logging_level="WARNING")

        finished = merchant.get(f"/v1/products/imports/{wanted['id']}").json
        assert finished["status"] == "succeeded"
        assert (finished["rows_read"], finished["created"], finished["unchanged"]) == (1_200, 1_200, 0)
        assert {len(each["outbox"]) for each in Product.collection().find({}, {"outbox": 1})} == {1}

    def test_is_not_requeued_while_its_heartbeat_is_fresh(self, merchant: Any, upload: Import) -> None:
        wanted = upload(csv_file(ROWS[:1]))
        assert ProductImport.claim(wanted["id"]) is not None

        operations.run_import(wanted["id"])
        jobs.requeue_stalled_imports()
        make_worker("products", connection()).work(burst=True, logging_level="WARNING")

        assert merchant.get(f"/v1/products/imports/{wanted['id']}").json["status"] == "running"
        assert Product.objects.count() == 0

    def test_stops_once_another_job_claimed_it(self, upload: Import, hold_clock: Any) -> None:
        wanted = upload(csv_file(ROWS[:1]))
        overtaken = ProductImport.claim(wanted["id"])
        assert overtaken is not None
        hold_clock(now() + timedelta(seconds=25))
        operations.run_import(wanted["id"])

        assert not ProductImport.advance(overtaken, BatchResult({"rows_read": 1, "created": 1}, [], []))
        assert ProductImport.get(wanted["id"]).created == 1

    def test_fails_after_ten_attempts(self, merchant: Any, upload: Import) -> None:
        wanted = upload(csv_file(ROWS[:1]))
        ProductImport.collection().update_one({"_id": wanted["id"]}, {"$set": {"attempts": 10}})

        operations.run_import(wanted["id"])

        finished = merchant.get(f"/v1/products/imports/{wanted['id']}").json
        assert finished["status"] == "failed"
        assert "failed 10 times" in finished["errors"][0]["detail"]

    def test_whose_event_was_lost_is_found_by_the_sweeper(self, upload: Import, hold_clock: Any) -> None:
        wanted = upload(csv_file(ROWS[:1]))
        hold_clock(now() + timedelta(seconds=25))

        jobs.requeue_stalled_imports()
        make_worker("products", connection()).work(burst=True, logging_level="WARNING")

        assert ProductImport.get(wanted["id"]).status == "succeeded"


class InterruptedStorage(LocalStorage):
    """A storage whose first `open` is interrupted, as by JobsWorker when its machine stops."""

    attempts = 0

    def open(self, key: str) -> BinaryIO:
        self.attempts += 1
        if self.attempts == 1:
            raise HandedBack
        return super().open(key)


class TestHandedBackImport:
    def test_is_queued_at_once_and_counts_no_attempt(self, make_app: Any, api: Any, tmp_path: Any) -> None:
        files = InterruptedStorage(tmp_path / "files")
        app = make_app("products", clients=Clients(files=files, workspace=Workspace(tmp_path / "workspace", files)))
        with app.app_context():
            started = operations.start_import(filename="a.csv", content=io.BytesIO(csv_file(ROWS[:3])))
            with pytest.raises(HandedBack):
                operations.run_import(started.id)
            assert ProductImport.get(started.id).attempts == 0

            operations.run_import(started.id)

            finished = ProductImport.get(started.id)
            assert (finished.status, finished.created, finished.attempts) == ("succeeded", 3, 1)


class TestWorkspace:
    def test_keeps_no_copy_of_a_finished_import(self, upload: Import, tmp_path: Path) -> None:
        operations.run_import(upload(csv_file(ROWS[:1]))["id"])

        assert [path for path in (tmp_path / "workspace").rglob("*") if path.is_file()] == []

    def test_deletes_the_copy_of_a_dead_import(self, products_app: Any, tmp_path: Path) -> None:
        left = tmp_path / "workspace" / "imports" / "imp_dead.csv"
        left.parent.mkdir(parents=True)
        left.write_text("sku")
        os.utime(left, (0, 0))

        jobs.clean_workspace()

        assert not left.exists()


class TestConcurrentChange:
    def test_between_reading_and_writing_leaves_the_write_without_effect(self, products_app: Any) -> None:
        apply_batch("imp_1", parsed(ROWS[:1]))
        seen = Product.stored_by_sku(["S0000"]).known["S0000"]
        product = Product.get_by_sku("S0000")
        product.change(msgspec.structs.replace(product.fields, name="Changed by hand"))
        product.commit()

        (row,) = parsed([csv_row("S0000", description="New text")]).rows
        outcome, write = decide_write("imp_2", row, seen, "com_mark")
        assert outcome == "updated"
        assert write is not None
        Product.collection().bulk_write([write])

        assert Product.get_by_sku("S0000").name == "Changed by hand"

    def test_of_a_product_is_not_overwritten(self, products_app: Any) -> None:
        apply_batch("imp_1", parsed(ROWS[:2]))
        product = Product.get_by_sku("S0000")
        product.change(msgspec.structs.replace(product.fields, name="Changed by hand"))
        product.commit()

        counts = apply_batch("imp_2", parsed([csv_row("S0000", description="New text"), ROWS[1]])).counts

        assert (counts["updated"], counts["unchanged"]) == (1, 1)
        assert Product.get_by_sku("S0000").version == 3
