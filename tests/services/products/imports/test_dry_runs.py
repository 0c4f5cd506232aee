"""Dry runs change nothing and say what would change; the list of all imports of the installation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from services.products.catalog.documents import Product
from services.products.imports import operations
from services.products.imports.documents import ProductImport
from services.products.stock.documents import Stock
from tests.factories.products import SKU, csv_file, csv_row, level_of, make_product, price_break, reserve

Import = Callable[..., dict[str, Any]]
COUNTS = ("rows_read", "created", "updated", "unchanged", "failed")


def stored() -> tuple[list[Any], list[Any]]:
    return list(Product.collection().find().sort("_id")), list(Stock.collection().find().sort("_id"))


def counts(finished: dict[str, Any]) -> tuple[int, ...]:
    return tuple(finished[name] for name in COUNTS)


class TestDryRun:
    def test_changes_nothing_and_counts_what_would_be(self, imported: Import) -> None:
        make_product("OLD", stock=5)
        make_product("SAME", price_breaks=[price_break(12, "210"), price_break(48, "195")], stock=100)
        make_product("HELD", stock=10)
        reserve("ord_1", {"HELD": 4})
        before = stored()
        rows = [
            csv_row("NEW-1"),
            csv_row("OLD", name="Renamed", stock="7"),
            csv_row("SAME"),
            csv_row("HELD", stock="3"),
            csv_row("BAD", unit_price="x"),
            csv_row("NEW-1"),
        ]

        finished = imported(csv_file(rows), dry_run="true")

        assert stored() == before
        assert (finished["status"], finished["is_dry_run"]) == ("succeeded", True)
        assert counts(finished) == (6, 1, 1, 2, 2)
        faults = [(each["row"], each["field"]) for each in finished["errors"] if each["kind"] == "fault"]
        assert faults == [(5, "stock"), (6, "unit_price")]

    def test_counts_as_the_import_then_does(self, imported: Import) -> None:
        make_product("OLD", stock=5)
        content = csv_file([csv_row("OLD"), csv_row("B"), csv_row("C", stock=""), csv_row("D", currency="ABC")])

        planned = imported(content, dry_run="true")
        done = imported(content)

        assert counts(planned) == counts(done)
        assert planned["errors"] == done["errors"]
        assert done["changes"] == []

    def test_names_each_field_before_and_after(self, imported: Import) -> None:
        make_product(description="Old", stock=5)
        row = csv_row(description="New", unit_price="1234.505", stock="", breaks="12:2.10")

        (change, created) = imported(csv_file([row, csv_row("B", stock="3", breaks="")]), dry_run="true")["changes"]

        assert (change["row"], change["sku"], change["outcome"]) == (2, SKU, "updated")
        assert change["changes"] == [
            {"field": "description", "before": "Old", "after": "New"},
            {"field": "unit_price", "before": "£2.55", "after": "£1,234.505"},
            {"field": "breaks", "before": "", "after": "12: £2.10"},
            {"field": "stock", "before": "5", "after": "not stocked"},
        ]
        assert created["outcome"] == "created"
        assert {"field": "stock", "before": "", "after": "3"} in created["changes"]

    def test_lists_the_first_hundred_changes(self, imported: Import) -> None:
        finished = imported(csv_file([csv_row(f"S{number:04}") for number in range(1_100)]), dry_run="true")

        assert finished["created"] == 1_100
        assert [change["sku"] for change in finished["changes"]] == [f"S{number:04}" for number in range(100)]

    def test_has_a_file_of_failed_rows(self, merchant: Any, imported: Import) -> None:
        finished = imported(csv_file([csv_row(stock="x")]), dry_run="true")

        assert merchant.get(f"/v1/products/imports/{finished['id']}/failed-rows").status_code == 200

    @pytest.mark.parametrize("value", ["yes", "1", ""])
    def test_is_asked_for_by_true(self, merchant: Any, value: str) -> None:
        assert merchant.post(f"/v1/products/imports?dry_run={value}").status_code == 422


class TestExecution:
    def test_imports_the_file_as_the_dry_run_read_it(self, merchant: Any, imported: Import) -> None:
        content = b"sku;name;unit_price;currency;stock\nA;Nut;1,234;EUR;5\n"
        planned = imported(content, dry_run="true", decimal_mark="comma", filename="nuts.csv")

        response = merchant.post(f"/v1/products/imports/{planned['id']}/execution")
        operations.run_import(response.json["id"])

        assert response.status_code == 202
        done = merchant.get(response.headers["Location"]).json
        assert (done["filename"], done["is_dry_run"], done["created"]) == ("nuts.csv", False, 1)
        assert Product.get_by_sku("A").unit_price.amount == "123.4"
        assert level_of("A") == (5, 0, 5)

    def test_is_refused_for_what_was_imported_or_failed(self, merchant: Any, upload: Import, imported: Import) -> None:
        ids = [
            imported(csv_file([csv_row()]))["id"],
            imported(b"", dry_run="true")["id"],
            upload(csv_file([csv_row()]), dry_run="true")["id"],
        ]

        answers = [merchant.post(f"/v1/products/imports/{each}/execution") for each in ids]

        assert {(answer.status_code, answer.json["type"]) for answer in answers} == {
            (409, "/problems/import-not-repeatable")
        }
        assert merchant.post("/v1/products/imports/imp_none/execution").status_code == 404

    def test_is_for_the_merchant(self, buyer: Any) -> None:
        assert buyer.post("/v1/products/imports/imp_1/execution").status_code == 403


class TestList:
    def test_has_all_imports_newest_first_in_pages(self, merchant: Any, upload: Import) -> None:
        names = [f"{number}.csv" for number in range(5)]
        for name in names:
            upload(csv_file([csv_row()]), filename=name)

        first = merchant.get("/v1/products/imports?limit=3").json
        second = merchant.get(f"/v1/products/imports?limit=3&cursor={first['next_cursor']}").json

        assert [each["filename"] for each in first["items"] + second["items"]] == names[::-1]
        assert second["next_cursor"] is None
        assert "errors" not in first["items"][0]

    def test_shows_those_of_older_versions(self, merchant: Any, imported: Import) -> None:
        finished = imported(csv_file([csv_row()]))
        unset = dict.fromkeys(("rows_total", "is_dry_run", "decimal_mark", "file_format", "changes"), 1)
        ProductImport.collection().update_one({"_id": finished["id"]}, {"$unset": unset})

        (item,) = merchant.get("/v1/products/imports").json["items"]

        assert (item["id"], item["is_dry_run"], item["rows_total"], item["created"]) == (finished["id"], False, None, 1)

    def test_shows_how_far_an_import_is(self, merchant: Any, imported: Import) -> None:
        imported(csv_file([csv_row("A"), csv_row("B")]))

        (item,) = merchant.get("/v1/products/imports").json["items"]

        assert (item["rows_read"], item["rows_total"]) == (2, 2)

    def test_is_for_the_merchant(self, buyer: Any) -> None:
        assert buyer.get("/v1/products/imports").status_code == 403
