"""Quotes and line breaks in CSV files: one wrong quote makes one row invalid, and no row is lost without a fault."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from services.products.catalog.documents import Product
from tests.factories.products import SKU, csv_file, csv_row, make_product

Import = Callable[..., dict[str, Any]]
HEADING = "sku,name,description,unit_price,currency\n"


def skus() -> list[str]:
    return sorted(each["sku"] for each in Product.collection().find({}, {"sku": 1}))


def rows_of(finished: dict[str, Any]) -> list[tuple[int, str]]:
    return [(error["row"], error["field"]) for error in finished["errors"]]


class TestQuoteThatIsNotClosed:
    @pytest.mark.parametrize(
        ("broken", "others"),
        [
            ('A,"12 inch pipe,long,1.00,GBP', 5_000),
            ('A,Pipe,"12 inch,1.00,GBP', 3),
            ('A,"Pipe,"12 inch",1.00,GBP', 3),
            ('A,Pipe,x,1.00,"GBP', 3),
            ('"A,Pipe,x,1.00,GBP', 2),
        ],
    )
    def test_makes_its_row_a_fault_and_no_other(self, imported: Import, broken: str, others: int) -> None:
        rows = [f"S{number},Pipe,,1.00,GBP" for number in range(others)]

        finished = imported((HEADING + "\n".join([broken, *rows]) + "\n").encode())

        assert finished["status"] == "succeeded"
        assert (finished["rows_read"], finished["created"], finished["failed"]) == (others + 1, others, 1)
        assert rows_of(finished) == [(2, "")]
        assert "quote" in finished["errors"][0]["detail"] or "expected after" in finished["errors"][0]["detail"]

    def test_that_a_later_quote_closes_swallows_no_row(self, imported: Import) -> None:
        rows = ['A,Pipe,"12 inch,1.00,GBP', "B,Nut,,1.00,GBP", 'C,Bolt,6",1.00,GBP', "D,Nail,,1.00,GBP"]

        finished = imported((HEADING + "\n".join(rows)).encode())

        assert rows_of(finished) == [(2, "")]
        assert skus() == ["B", "C", "D"]

    def test_in_every_row_is_a_fault_of_every_row(self, imported: Import) -> None:
        content = HEADING + 'a","\n' * 2_000 + "B,Nut,,1.00,GBP\n"

        finished = imported(content.encode())

        assert (finished["rows_read"], finished["created"], finished["failed"]) == (2_001, 1, 2_000)


class TestLineBreaks:
    @pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
    def test_in_a_description_are_line_feeds(self, buyer: Any, imported: Import, line_break: str) -> None:
        content = csv_file(
            [csv_row(description=f"Steel, zinc plated{line_break}{line_break}Head: 13 mm"), csv_row("B")]
        )

        finished = imported(content.replace(b"GBP,100,12:2.10;48:1.95\n", b"GBP,100,12:2.10;48:1.95\r\n"))

        assert (finished["created"], finished["errors"]) == (2, [])
        assert buyer.get(f"/v1/products/{SKU}").json["description"] == "Steel, zinc plated\n\nHead: 13 mm"

    @pytest.mark.parametrize("field", ["name", "category", "sku"])
    @pytest.mark.parametrize("line_break", ["\n", "\r\n", "\u2028", "\x85"])
    def test_in_one_line_are_refused_at_the_cell(self, imported: Import, field: str, line_break: str) -> None:
        finished = imported(csv_file([csv_row(**{field: f"Two{line_break}lines"}), csv_row("B")]))

        assert rows_of(finished) == [(2, field)]
        assert skus() == ["B"]


class TestSkus:
    @pytest.mark.parametrize(
        "sku",
        ["A/../B", "A/./B", "A//B", "X/", ".", "..", "A/.", "imports", "IMPORTS/X", "new", "stra\u00dfe", "\u0131d"],
    )
    def test_that_no_address_reaches_are_refused(self, merchant: Any, imported: Import, sku: str) -> None:
        price = {"amount": 255, "currency": "GBP"}

        assert rows_of(imported(csv_file([csv_row(sku)]))) == [(2, "sku")]
        refused = merchant.post("/v1/products", json={"sku": sku, "name": "Bolt", "unit_price": price})

        assert refused.status_code == 422
        assert refused.json["errors"][0]["pointer"] == "/sku"
        assert skus() == []

    @pytest.mark.parametrize("sku", ["A/B", "A.B", "A/.B", "NEWS", "NEW/1", "IMPORTS-1", "A /B", "1..2"])
    def test_that_are_reached_are_kept(self, buyer: Any, imported: Import, sku: str) -> None:
        assert imported(csv_file([csv_row(sku)]))["created"] == 1

        assert buyer.get("/v1/products/" + sku.replace(" ", "%20")).json["sku"] == sku

    def test_of_a_product_stored_before_are_still_read(self, merchant: Any, orders: Any) -> None:
        """Carts that hold such a product are priced as before, and the merchant can take it off sale."""
        make_product("NEW")

        lines = {"line_items": [{"sku": "NEW", "quantity": 1}]}
        assert orders.post("/internal/v1/prices", json=lines).status_code == 200
        assert merchant.patch("/v1/products/NEW", json={"is_active": False}).json["is_active"] is False
