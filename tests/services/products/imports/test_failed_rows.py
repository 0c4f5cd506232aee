"""Rows that were left out: all their faults, before all notices, and a file to correct and send again."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from services.products.batches.rules import Batch
from services.products.imports import operations
from services.products.imports.documents import ProductImport
from services.products.rows.rules import RowFault
from shared.base.clock import now
from shared.base.numbers import DecimalMark
from tests.factories.products import SKU, csv_file, csv_row, make_product, price_break, reserve

Import = Callable[..., dict[str, Any]]


def table(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.fixture
def failed_rows(merchant: Any) -> Callable[[dict[str, Any]], bytes]:
    """Download the file of failed rows of an import."""

    def download(finished: dict[str, Any]) -> bytes:
        response = merchant.get(f"/v1/products/imports/{finished['id']}/failed-rows")
        assert response.status_code == 200
        assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert "attachment" in response.headers["Content-Disposition"]
        return bytes(response.get_data())

    return download


class TestFaults:
    def test_of_a_row_are_all_named_in_the_order_of_the_columns(self, imported: Import) -> None:
        row = csv_row("X/", name="", unit_price="1,50", currency="ABC", stock="-1", breaks="12")

        finished = imported(csv_file([csv_row("GOOD"), row]))

        fields = ["sku", "name", "unit_price", "currency", "stock", "breaks"]
        assert [error["field"] for error in finished["errors"]] == fields
        assert finished["failed"] == 1

    def test_of_the_file_and_of_the_store_are_named_together(self, imported: Import) -> None:
        make_product(price_breaks=[price_break(12, "210")], stock=10)
        reserve("ord_1", {SKU: 4})
        columns = ("sku", "name", "unit_price", "currency", "stock")

        finished = imported(csv_file([csv_row(currency="EUR", stock="3")], columns))

        assert [error["field"] for error in finished["errors"]] == ["currency", "stock"]
        assert finished["failed"] == 1

    def test_come_before_notices_however_many(self, imported: Import) -> None:
        repeated = [csv_row("A") for _ in range(700)]

        finished = imported(csv_file([*repeated, csv_row("B", unit_price="x")]))

        kinds = [error["kind"] for error in finished["errors"]]
        assert kinds == ["fault", *["notice"] * 100]
        assert finished["errors"][0]["row"] == 702

    def test_of_the_whole_file_have_no_row(self, imported: Import) -> None:
        (error,) = imported(b"")["errors"]

        assert (error["row"], error["kind"]) == (None, "fault")

    def test_stored_by_an_older_version_are_still_shown(self, merchant: Any, upload: Import) -> None:
        wanted = upload(csv_file([csv_row()]))
        old = {"row": 0, "field": "", "detail": "Separate the columns by commas."}
        unset = dict.fromkeys(("rows_total", "columns", "notices", "failed_parts"), 1)
        ProductImport.collection().update_one({"_id": wanted["id"]}, {"$set": {"errors": [old]}, "$unset": unset})

        found = merchant.get(f"/v1/products/imports/{wanted['id']}").json

        assert found["errors"] == [{"row": None, "field": "", "detail": old["detail"], "kind": "fault"}]
        assert (found["has_failed_rows"], found["rows_total"]) == (False, None)


class TestFile:
    def test_holds_the_cells_as_they_were_with_their_reasons(self, imported: Import, failed_rows: Any) -> None:
        bad = csv_row("b-1", name=" =1+1 ", unit_price="1,50", stock="x", description="Two\nlines")

        finished = imported(csv_file([csv_row("GOOD"), bad]))

        (row,) = table(failed_rows(finished))
        reason = row.pop("reason")
        assert reason.startswith("unit_price: Give major units")
        assert "stock: Give a whole number" in reason
        assert row == bad

    def test_can_be_corrected_and_sent_again(self, imported: Import, failed_rows: Any) -> None:
        finished = imported(csv_file([csv_row("A", unit_price="x"), csv_row("B"), csv_row("C", currency="ABC")]))
        content = failed_rows(finished).replace(b",x,", b",2.50,").replace(b",ABC,", b",GBP,")

        again = imported(content.replace(b"12:2.10;48:1.95", b""))

        assert (again["created"], again["failed"], again["errors"]) == (2, 0, [])

    def test_sent_again_with_faults_names_the_new_reasons_only(self, imported: Import, failed_rows: Any) -> None:
        once = failed_rows(imported(csv_file([csv_row("A", unit_price="x", currency="ABC")])))

        twice = failed_rows(imported(once.replace(b",ABC,", b",EUR,")))

        (row,) = table(twice)
        assert "currency" not in row["reason"]
        assert (row["unit_price"], row["currency"]) == ("x", "EUR")

    def test_holds_all_of_them_beyond_the_hundred_that_are_listed(self, imported: Import, failed_rows: Any) -> None:
        finished = imported(csv_file([csv_row(f"S{number}", stock="x") for number in range(1_250)]))

        rows = table(failed_rows(finished))

        assert [row["sku"] for row in rows] == [f"S{number}" for number in range(1_250)]
        assert (len(finished["errors"]), finished["has_failed_rows"]) == (100, True)

    def test_holds_rows_that_could_not_be_told_apart(self, imported: Import, failed_rows: Any) -> None:
        heading = b"sku,name,unit_price,currency\n"

        finished = imported(heading + b'A,"Pipe,1.00,GBP\nB,Nut,1.00\nC,Nut,1.00,GBP,5,6\n')

        lines = list(csv.reader(io.StringIO(failed_rows(finished).decode("utf-8-sig"), newline="")))
        assert [line[1] for line in lines] == ["sku", "A", "B", "C"]
        assert [line[-1] for line in lines] == ["currency", "Pipe,1.00,GBP", "1.00", "6"]

    def test_is_written_once_when_a_batch_is_repeated(self, merchant: Any, upload: Import, hold_clock: Any) -> None:
        wanted = upload(csv_file([csv_row(f"S{number}", stock="x") for number in range(600)]))
        run = ProductImport.claim(wanted["id"])
        assert run is not None
        fault = RowFault(2, "", "The worker was killed after this.")
        operations._store_failed_rows(run, [fault], Batch(raw={2: ["S0"]}), DecimalMark.POINT)
        hold_clock(now() + timedelta(seconds=25))

        operations.run_import(wanted["id"])

        content = merchant.get(f"/v1/products/imports/{wanted['id']}/failed-rows").get_data()
        assert len(table(content)) == 600

    def test_is_not_found_when_no_row_failed(self, merchant: Any, imported: Import) -> None:
        finished = imported(csv_file([csv_row()]))

        assert finished["has_failed_rows"] is False
        assert merchant.get(f"/v1/products/imports/{finished['id']}/failed-rows").status_code == 404

    def test_is_for_the_merchant(self, buyer: Any, imported: Import) -> None:
        finished = imported(csv_file([csv_row(stock="x")]))

        assert buyer.get(f"/v1/products/imports/{finished['id']}/failed-rows").status_code == 403
