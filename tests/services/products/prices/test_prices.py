"""Prices for other services: the break that a quantity reaches, in as many queries for a thousand lines as for one."""

from __future__ import annotations

from typing import Any

import mongoengine
import pytest
from pymongo import monitoring

from services.products.catalog.documents import Product
from services.products.prices.rules import unit_price
from shared.data import persistence
from tests.factories.products import gbp, make_product, price_break

BREAKS = [price_break(12, "210"), price_break(48, "195"), price_break(1000, "230.5")]


class Finds(monitoring.CommandListener):
    """Counts what is read from MongoDB."""

    def __init__(self) -> None:
        self.collections: list[str] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name == "find":
            self.collections.append(event.command["find"])

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None: ...
    def failed(self, event: monitoring.CommandFailedEvent) -> None: ...


def prices(orders: Any, *line_items: tuple[str, int]) -> Any:
    body = {"line_items": [{"sku": sku, "quantity": quantity} for sku, quantity in line_items]}
    return orders.post("/internal/v1/prices", json=body)


class TestUnitPrice:
    @pytest.mark.parametrize(
        ("quantity", "amount"), [(1, "255"), (11, "255"), (12, "210"), (47, "210"), (48, "195"), (999, "195")]
    )
    def test_is_that_of_the_deepest_break_reached(self, quantity: int, amount: str) -> None:
        assert unit_price(gbp("255"), list(reversed(BREAKS)), quantity) == gbp(amount)

    def test_may_rise_again_for_large_orders(self) -> None:
        assert unit_price(gbp("255"), BREAKS, 1000) == gbp("230.5")


class TestPrices:
    def test_answers_each_line_in_the_order_asked(self, orders: Any) -> None:
        make_product("B", stock=5, price_breaks=BREAKS)
        make_product("A", is_active=False)

        response = prices(orders, ("b", 12), ("A", 1), ("B", 36), ("NONE", 1))

        assert response.status_code == 200
        assert [(item["sku"], item["unit_price"]["amount"]) for item in response.json["items"]] == [
            ("B", "195"),
            ("A", "255"),
            ("B", "195"),
        ]
        assert response.json["unknown"] == ["NONE"]
        assert response.json["items"][0] == {
            "sku": "B",
            "name": "Hex bolt M8",
            "unit_price": {"amount": "195", "currency": "GBP"},
            "is_stocked": True,
            "available": 5,
            "is_active": True,
        }
        assert response.json["items"][1]["is_active"] is False
        assert response.json["items"][1]["available"] is None

    def test_of_two_lines_reach_the_break_of_their_sum(self, orders: Any) -> None:
        make_product("B", price_breaks=BREAKS)

        amounts = [[item["unit_price"]["amount"] for item in prices(orders, *lines).json["items"]] for lines in (
            [("B", 6), ("b", 6)], [("B", 6), ("B", 5)], [("B", 1_000_000), ("B", 1_000_000)],
        )]  # fmt: skip

        assert amounts == [["210", "210"], ["255", "255"], ["230.5", "230.5"]]

    def test_reads_products_and_stock_once_however_many_lines(
        self, orders: Any, mongodb_url: Any, products_app: Any
    ) -> None:
        for number in range(30):
            make_product(f"SKU-{number}", stock=1)
        finds = Finds()
        mongoengine.disconnect(alias="products")
        mongoengine.connect(
            host=mongodb_url("products"), alias="products", uuidRepresentation="standard", event_listeners=[finds]
        )
        try:
            response = prices(orders, *[(f"SKU-{number}", 1) for number in range(30)])
        finally:
            mongoengine.disconnect(alias="products")
            persistence._databases.pop("products")
            persistence.connect("products", mongodb_url("products"))

        assert len(response.json["items"]) == 30
        assert finds.collections == ["products", "stock"]

    def test_is_for_services(self, merchant: Any) -> None:
        assert prices(merchant, ("A", 1)).status_code == 403


class TestAllProducts:
    def test_pages_through_all_products(self, search: Any) -> None:
        make_product("A", is_active=False)
        make_product("B", stock=3)

        first = search.get("/internal/v1/products?limit=1").json
        second = search.get(f"/internal/v1/products?limit=500&cursor={first['next_cursor']}").json

        assert (first["items"][0]["sku"], first["items"][0]["is_active"]) == ("A", False)
        assert (second["items"][0]["version"], second["items"][0]["available"]) == (1, 3)
        assert Product.objects.count() == 2
