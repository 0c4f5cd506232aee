"""Importing a product file: valid rows become products and stock, invalid rows are reported."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from services.products import handlers, jobs
from services.products.catalog.documents import Product
from services.products.imports import operations
from services.products.imports.documents import ProductImport
from shared.events.catalog.products import ImportRequested
from shared.events.jobs import connection, make_worker
from shared.web.arrivals import ArrivalLimits
from tests.factories.products import SKU, csv_file, csv_row, level_of, make_product, price_break, reserve
from tests.support import Api

Import = Callable[..., dict[str, Any]]
COUNTS = ("rows_read", "created", "updated", "unchanged", "failed")


def counts(finished: dict[str, Any]) -> tuple[int, ...]:
    return tuple(finished[name] for name in COUNTS)


def versions_announced(sku: str) -> list[int]:
    return [event["fields"]["version"] for event in Product.get_by_sku(sku).outbox]


class TestUpload:
    def test_is_accepted_with_the_address_of_its_progress(self, merchant: Any, upload: Import) -> None:
        wanted = upload(csv_file([csv_row()]), filename="spring.csv")

        assert (wanted["status"], wanted["filename"]) == ("queued", "spring.csv")
        assert merchant.get(f"/v1/products/imports/{wanted['id']}").json["rows_read"] == 0
        (event,) = ProductImport.get(wanted["id"]).outbox
        assert event["fields"] == {"import_id": wanted["id"]}

    @pytest.mark.parametrize(
        ("sent", "shown"),
        [
            ("../../etc/spring.csv", "spring.csv"),
            ("4111111111111111.csv", "[redacted].csv"),
            ("a\x00b\u202e.csv", "ab.csv"),
        ],
    )
    def test_shows_a_name_without_folders_and_card_numbers(self, upload: Import, sent: str, shown: str) -> None:
        assert upload(csv_file([csv_row()]), filename=sent)["filename"] == shown

    def test_needs_a_file(self, merchant: Any) -> None:
        response = merchant.post("/v1/products/imports", data={})

        assert response.status_code == 422
        assert response.json["errors"][0]["pointer"] == "/file"

    def test_is_for_the_merchant(self, buyer: Any) -> None:
        assert buyer.post("/v1/products/imports").status_code == 403

    def test_may_be_larger_than_other_bodies_up_to_a_limit(
        self, make_app: Callable[..., Any], api: Callable[..., Api], tmp_path: Path
    ) -> None:
        limits = {
            "max_body_bytes": 1_000,
            "max_import_bytes": 20_000,
            "storage_dir": str(tmp_path),
            "workspace_dir": str(tmp_path),
        }
        staff = api(make_app("products", **limits), role="merchant_admin")

        def status_of(size: int) -> int:
            content = csv_file([csv_row(description="x" * size)])
            upload = (io.BytesIO(content), "products.csv")
            return int(staff.post("/v1/products/imports", data={"file": upload}).status_code)

        assert status_of(5_000) == 202
        assert status_of(30_000) == 413

    def test_is_received_by_the_server_however_large_it_may_be(self, products_app: Flask) -> None:
        """The server reads a whole body before the route is known to it."""

        def largest(request: bytes) -> int:
            head = request + b" HTTP/1.1\r\nAuthorization: Bearer x\r\n\r\n"
            return ArrivalLimits.of(products_app).largest(head)

        assert largest(b"POST /v1/products/imports") == 64 * 1024 * 1024
        assert largest(b"POST /v1/products/imports?dry_run=true") == 64 * 1024 * 1024
        assert largest(b"POST /v1/products") == 2 * 1024 * 1024
        assert largest(b"POST /v1/products/imports/imp_1/execution") == 2 * 1024 * 1024


class TestRows:
    def test_become_products_with_stock(self, buyer: Any, imported: Import) -> None:
        finished = imported(csv_file([csv_row(), csv_row("fee-1", stock="", breaks="", unit_price="0.333")]))

        assert finished["status"] == "succeeded"
        assert counts(finished) == (2, 2, 0, 0, 0)
        assert finished["finished_at"] is not None
        bolt = buyer.get(f"/v1/products/{SKU}").json
        assert bolt["unit_price"] == {"amount": "255", "currency": "GBP"}
        assert bolt["price_breaks"] == [
            {"min_quantity": 12, "unit_price": {"amount": "210", "currency": "GBP"}},
            {"min_quantity": 48, "unit_price": {"amount": "195", "currency": "GBP"}},
        ]
        assert bolt["available"] == 100
        fee = buyer.get("/v1/products/FEE-1").json
        assert fee["unit_price"]["amount"] == "33.3"
        assert fee["is_stocked"] is False

    def test_publish_each_change_once(self, imported: Import) -> None:
        imported(csv_file([csv_row(), csv_row("B")]))
        again = imported(csv_file([csv_row(), csv_row("B", name="Nut"), csv_row("C")]))

        assert counts(again) == (3, 1, 1, 1, 0)
        assert versions_announced(SKU) == [1]
        assert versions_announced("B") == [1, 2]
        assert Product.get_by_sku("B").outbox[-1]["fields"]["product"]["name"] == "Nut"

    def test_update_products_of_the_api(self, merchant: Any, imported: Import) -> None:
        make_product(is_active=False, stock=3)

        finished = imported(csv_file([csv_row(stock="8")]))

        assert counts(finished) == (1, 0, 1, 0, 0)
        assert merchant.get(f"/v1/products/{SKU}").json["is_active"] is False
        assert level_of() == (8, 0, 8)

    def test_set_and_end_stocking(self, buyer: Any, imported: Import) -> None:
        imported(csv_file([csv_row(stock="5")]))
        assert counts(imported(csv_file([csv_row(stock="9")]))) == (1, 0, 1, 0, 0)
        assert level_of() == (9, 0, 9)

        imported(csv_file([csv_row(stock="")]))
        assert buyer.get(f"/v1/inventory/{SKU}").json["is_stocked"] is False

    def test_do_not_set_stock_below_the_reserved_units(self, imported: Import) -> None:
        make_product(stock=10)
        reserve("ord_1", {SKU: 4})

        finished = imported(csv_file([csv_row(stock="3")]))

        assert counts(finished) == (1, 0, 0, 0, 1)
        assert finished["errors"] == [
            {
                "row": 2,
                "field": "stock",
                "detail": "Stock cannot be set below the 4 units that orders reserve.",
                "kind": "fault",
            }
        ]
        assert Product.get_by_sku(SKU).version == 1

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("sku", ""),
            ("sku", "$where"),
            ("sku", "A" * 65),
            ("name", ""),
            ("name", "bell\x07"),
            ("name", "nul\x00"),
            ("description", "x" * 5_001),
            ("category", "Tools\x1b[2J"),
            ("unit_price", "-1"),
            ("unit_price", "1,50"),
            ("unit_price", "0,125"),
            ("unit_price", "1_000"),
            ("unit_price", "\uff11"),
            ("unit_price", "5."),
            ("unit_price", "1000000000"),
            ("unit_price", "NaN"),
            ("unit_price", "1e9"),
            ("unit_price", "0.12345"),
            ("currency", "POUND"),
            ("currency", "ABC"),
            ("currency", "XXX"),
            ("currency", "XAU"),
            ("stock", "-1"),
            ("stock", "1.5"),
            ("stock", "1,5"),
            ("stock", "1e3"),
            ("stock", "1000000000"),
            ("breaks", "12"),
            ("breaks", "12:2;12:1"),
            ("breaks", "0:2"),
            ("breaks", "1,2:2"),
            ("breaks", "12:1,50"),
            ("breaks", "12:2:1"),
        ],
    )
    def test_that_are_invalid_are_reported_by_number_and_field(self, imported: Import, field: str, value: str) -> None:
        finished = imported(csv_file([csv_row("GOOD"), csv_row(**{field: value})]))

        assert finished["status"] == "succeeded"
        assert counts(finished) == (2, 1, 0, 0, 1)
        (error,) = finished["errors"]
        assert (error["row"], error["field"]) == (3, field)
        assert error["detail"]

    def test_below_an_old_break_are_noticed(self, merchant: Any, imported: Import) -> None:
        imported(csv_file([csv_row(unit_price="2.55", breaks="12:2.10;48:1.95")]))

        columns = ("sku", "name", "unit_price", "currency")
        finished = imported(csv_file([csv_row(unit_price="2.00"), csv_row("OTHER")], columns))

        assert (finished["updated"], finished["created"], finished["failed"]) == (1, 1, 0)
        (notice,) = finished["errors"]
        assert (notice["row"], notice["field"], notice["kind"]) == (2, "breaks", "notice")
        assert notice["detail"] == "From 12 units on, one costs £2.10: more than the £2.00 for fewer."

    def test_may_separate_thousands_by_commas(self, buyer: Any, imported: Import) -> None:
        imported(csv_file([csv_row(unit_price="1,234.50", stock="12,000", breaks="1,200:1,100.00")]))

        product = buyer.get(f"/v1/products/{SKU}").json
        assert (product["unit_price"]["amount"], product["available"]) == ("123450", 12000)
        (step,) = product["price_breaks"]
        assert (step["min_quantity"], step["unit_price"]["amount"]) == (1200, "110000")

    @pytest.mark.parametrize(
        ("currency", "price", "minor"), [("CLP", "4990", "4990"), ("omr", "1.234", "1234"), ("GBP", "1.234", "123.4")]
    )
    def test_have_the_decimals_of_their_currency(
        self, buyer: Any, imported: Import, currency: str, price: str, minor: int | str
    ) -> None:
        imported(csv_file([csv_row(unit_price=price, currency=currency, breaks=f"12:{price}")]))

        product = buyer.get(f"/v1/products/{SKU}").json
        wanted = {"amount": minor, "currency": currency.upper()}
        assert product["unit_price"] == wanted
        assert product["price_breaks"] == [{"min_quantity": 12, "unit_price": wanted}]

    def test_that_look_like_formulas_are_plain_text(self, buyer: Any, imported: Import) -> None:
        imported(csv_file([csv_row(name="=HYPERLINK(1)")]))

        assert buyer.get(f"/v1/products/{SKU}").json["name"] == "=HYPERLINK(1)"

    def test_of_ten_megabytes_or_a_thousand_columns_do_not_stop_the_others(self, merchant: Any) -> None:
        heading, good = csv_file([csv_row("GOOD")]).split(b"\n")[:2]
        huge = b'BIG,"' + b"x" * 10_000_000 + b'",,,1.00,GBP,,'
        wide = b",".join([b"WIDE"] * 1_000)

        content = b"\n".join([heading, huge, wide, b"", good, b'"open quote,x', b""])
        wanted = operations.start_import(filename="hostile.csv", content=io.BytesIO(content))
        operations.run_import(wanted.id)

        finished = merchant.get(f"/v1/products/imports/{wanted.id}").json

        assert counts(finished) == (4, 1, 0, 0, 3)
        assert [error["row"] for error in finished["errors"]] == [2, 3, 6]
        assert "1000 cells" in finished["errors"][1]["detail"]

    def test_keep_the_first_hundred_errors_only(self, imported: Import) -> None:
        finished = imported(csv_file([csv_row(f"S{number}", stock="x") for number in range(150)]))

        assert finished["failed"] == 150
        assert len(finished["errors"]) == 100


class TestFile:
    def test_may_carry_a_byte_order_mark_and_columns_in_any_order(self, imported: Import) -> None:
        columns = ("name", "sku", "breaks", "stock", "currency", "unit_price", "category", "description")

        finished = imported(b"\xef\xbb\xbf" + csv_file([csv_row()], columns).replace(b"\n", b"\r\n"))

        assert counts(finished) == (1, 1, 0, 0, 0)

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"", "The file is empty."),
            (b"\r\n ,,\r\n", "The file is empty."),
            (b"a,b\r\n", "with the columns sku,name,unit_price,currency"),
            (b"sku,name,price\nA,x,1\n", "unknown: price"),
            (b"sku,name,price\nA,x,1\n", "missing: unit_price, currency"),
            (b"\x00" * 300_000, "heading"),
        ],
    )
    def test_that_cannot_be_read_fails_as_a_whole(self, imported: Import, content: bytes, said: str) -> None:
        finished = imported(content)

        assert finished["status"] == "failed"
        (error,) = finished["errors"]
        assert error["row"] is None
        assert said in error["detail"]
        assert Product.objects.count() == 0

    def test_has_a_largest_number_of_rows(
        self, make_app: Callable[..., Any], api: Callable[..., Api], tmp_path: Path, imported: Import
    ) -> None:
        app = make_app("products", max_import_rows=2, storage_dir=str(tmp_path / "files"), workspace_dir=str(tmp_path))

        with app.app_context():
            finished = imported(csv_file([csv_row(f"S{number}") for number in range(3)]))

        assert finished["status"] == "failed"
        assert "at most 2 rows" in finished["errors"][0]["detail"]


class TestOptionalColumns:
    REQUIRED_ONLY = ("currency", "unit_price", "name", "sku")

    def test_that_are_missing_leave_a_known_product_and_its_stock(self, buyer: Any, imported: Import) -> None:
        make_product(description="Kept", category="Kept too", price_breaks=[price_break(12, "210")], stock=7)

        finished = imported(csv_file([csv_row(name="Renamed", unit_price="3.00")], self.REQUIRED_ONLY))

        assert counts(finished) == (1, 0, 1, 0, 0)
        product = buyer.get(f"/v1/products/{SKU}").json
        assert (product["name"], product["unit_price"]["amount"]) == ("Renamed", "300")
        assert (product["description"], product["category"], product["available"]) == ("Kept", "Kept too", 7)
        assert [step["min_quantity"] for step in product["price_breaks"]] == [12]

    def test_that_are_missing_are_empty_in_a_new_product(self, buyer: Any, imported: Import) -> None:
        assert counts(imported(csv_file([csv_row()], self.REQUIRED_ONLY))) == (1, 1, 0, 0, 0)

        product = buyer.get(f"/v1/products/{SKU}").json
        assert (product["description"], product["category"], product["price_breaks"]) == ("", "", [])
        assert product["is_stocked"] is False

    def test_that_are_missing_leave_no_price_breaks_in_another_currency(self, imported: Import) -> None:
        make_product(price_breaks=[price_break(12, "210")], stock=7)

        finished = imported(csv_file([csv_row(currency="EUR")], (*self.REQUIRED_ONLY, "stock")))

        assert counts(finished) == (1, 0, 0, 0, 1)
        detail = "Give every break in EUR, the currency of the unit price."
        assert finished["errors"] == [{"row": 2, "field": "currency", "detail": detail, "kind": "fault"}]
        assert (level_of(), Product.get_by_sku(SKU).version) == ((7, 0, 7), 1)


class TestDocumentsOfOlderVersions:
    """Products stored before a field existed, and as mongoengine leaves them: without their empty lists."""

    @pytest.mark.parametrize("field", ["description", "category", "price_breaks", "is_active", "imported_by"])
    def test_are_updated(self, buyer: Any, imported: Import, field: str) -> None:
        make_product()
        Product.collection().update_one({"sku": SKU}, {"$unset": {field: 1}})

        finished = imported(csv_file([csv_row(name="Renamed")], TestOptionalColumns.REQUIRED_ONLY))

        assert counts(finished) == (1, 0, 1, 0, 0)
        assert Product.get_by_sku(SKU).outbox[-1]["fields"]["product"]["name"] == "Renamed"
        assert buyer.get(f"/v1/products/{SKU}").json["name"] == "Renamed"


class TestWrites:
    def test_are_those_of_the_api(self, merchant: Any, imported: Import) -> None:
        """One product created and changed over HTTP, another by imports: their documents differ in values only."""
        price = {"amount": 255, "currency": "GBP"}
        merchant.post("/v1/products", json={"sku": "A", "name": "Bolt", "unit_price": price})
        merchant.patch("/v1/products/A", json={"name": "Nut"})
        for name in ("Bolt", "Nut"):
            imported(csv_file([csv_row("B", name=name)], TestOptionalColumns.REQUIRED_ONLY))

        by_api, by_import = Product.collection().find({}).sort("sku")
        own = {"_id", "sku", "commit_id", "created_at", "updated_at", "imported_by", "outbox", "price_breaks"}
        assert set(by_api) | {"price_breaks", "imported_by"} == set(by_import)
        assert {name: by_api[name] for name in by_api.keys() - own} == {
            name: by_import[name] for name in by_import.keys() - own
        }
        assert [event.keys() for event in by_api["outbox"]] == [event.keys() for event in by_import["outbox"]]


class TestHandler:
    def test_has_a_worker_run_the_import_once(self, merchant: Any, upload: Import) -> None:
        wanted = upload(csv_file([csv_row()]))

        for _ in range(2):
            handlers.start_requested_import(ImportRequested(import_id=wanted["id"]))
        make_worker("products", connection()).work(burst=True, logging_level="WARNING")
        jobs.import_products(wanted["id"], 1)

        finished = merchant.get(f"/v1/products/imports/{wanted['id']}").json
        assert finished["status"] == "succeeded"
        assert counts(finished) == (1, 1, 0, 0, 0)
