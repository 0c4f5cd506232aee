"""One stored product that cannot be read takes no list, no cart and no import with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from services.products.catalog.documents import Product
from services.products.stock.documents import Stock
from tests.factories.products import csv_file, csv_row, make_product

BROKEN: tuple[dict[str, Any], ...] = (
    {"name": ["a", "list"]},
    {"unit_price": "255"},
    {"unit_price": {"amount": "abc", "currency": "GBP"}},
    {"unit_price": {"amount": 255, "currency": "GBP"}},
    {"unit_price": {"amount": "NaN", "currency": "GBP"}},
    {"price_breaks": {"12": "210"}},
    {"price_breaks": "none"},
    {"price_breaks": [{"min_quantity": 12, "unit_price": {"amount": "-", "currency": "GBP"}}]},
    {"is_active": "yes"},
    {"description": {"en": "Bolt"}},
)


@pytest.fixture(params=BROKEN, ids=str)
def broken(request: pytest.FixtureRequest, products_app: Any) -> dict[str, Any]:
    """Three products, of which the middle one, B, is stored in a shape that no version writes."""
    for sku in ("A", "B", "C"):
        make_product(sku, stock=10)
    change: dict[str, Any] = request.param
    Product.collection().update_one({"sku": "B"}, {"$set": change})
    return change


@pytest.mark.usefixtures("broken")
class TestBrokenProduct:
    def test_is_left_out_of_the_list(self, merchant: Any) -> None:
        answer = merchant.get("/v1/products")

        assert (answer.status_code, [each["sku"] for each in answer.json["items"]]) == (200, ["A", "C"])

    def test_hides_no_page_behind_it(self, merchant: Any) -> None:
        first = merchant.get("/v1/products?limit=2").json
        second = merchant.get(f"/v1/products?limit=2&cursor={first['next_cursor']}").json

        assert [each["sku"] for each in first["items"] + second["items"]] == ["A", "C"]

    def test_is_unknown_to_a_cart_whose_other_lines_are_priced(self, orders: Any, broken: dict[str, Any]) -> None:
        sold = ["A", "B", "C"] if "description" in broken else ["A", "C"]  # a price needs no description
        lines = [{"sku": sku, "quantity": 20} for sku in ("A", "B", "C")]

        answer = orders.post("/internal/v1/prices", json={"line_items": lines})

        assert answer.status_code == 200
        assert [each["sku"] for each in answer.json["items"]] == sold
        assert answer.json["unknown"] == [sku for sku in ("A", "B", "C") if sku not in sold]

    def test_fails_its_own_row_of_an_import(self, imported: Callable[..., dict[str, Any]], merchant: Any) -> None:
        finished = imported(csv_file([csv_row(sku, name="Renamed", stock="7") for sku in ("A", "B", "C")]))

        assert (finished["status"], finished["updated"], finished["failed"]) == ("succeeded", 2, 1)
        [error] = finished["errors"]
        assert (error["row"], error["field"]) == (3, "sku")
        assert "cannot be read" in error["detail"]
        assert merchant.get("/v1/products/C").json["name"] == "Renamed"
        assert Stock.level("B").on_hand == 10  # type: ignore[union-attr]


class TestBrokenStock:
    @pytest.mark.parametrize("change", [{"available": "9"}, {"on_hand": None}, {"available": [9]}], ids=str)
    def test_is_nothing_available_and_not_without_limit(
        self, orders: Any, merchant: Any, change: dict[str, Any]
    ) -> None:
        for sku in ("A", "B"):
            make_product(sku, stock=10)
        Stock.collection().update_one({"sku": "B"}, {"$set": change})
        lines = [{"sku": sku, "quantity": 1} for sku in ("A", "B")]

        good, bad = orders.post("/internal/v1/prices", json={"line_items": lines}).json["items"]

        assert (good["is_stocked"], good["available"]) == (True, 10)
        assert (bad["is_stocked"], bad["available"]) == (True, 0)
        assert [each["available"] for each in merchant.get("/v1/products").json["items"]] == [10, 0]


@pytest.mark.parametrize("currency", [None, 7, ["GBP"]], ids=str)
def test_a_broken_currency_takes_no_other_product_with_it(products_app: Any, merchant: Any, currency: Any) -> None:
    make_product("A")
    make_product("B")
    Product.collection().update_one({"sku": "B"}, {"$set": {"unit_price.currency": currency}})

    changed = merchant.patch("/v1/products/A", json={"unit_price": {"amount": 300, "currency": "GBP"}})

    assert changed.status_code == 200
