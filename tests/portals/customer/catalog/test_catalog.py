"""Finding products: catalog, categories, search, suggestions, a product's page."""

from __future__ import annotations

from typing import Any

import pytest

from shared.calls.service_client import UpstreamUnavailable
from tests.portals.fake_gateway import FakeGateway
from tests.portals.fake_shapes import price
from tests.portals.pages import Visitor


@pytest.fixture
def stocked(gateway: FakeGateway) -> FakeGateway:
    gateway.shop.add_product("BOLT-M8")
    gateway.shop.add_product("85123A", name="White hanging heart", category="Lighting", price_breaks=[])
    return gateway


class TestSearch:
    def test_lists_the_whole_catalog_with_its_categories(self, buyer: Visitor, stocked: FakeGateway):
        page = buyer.get("/catalog")

        assert "2 products" in page.text
        assert page.rows()[0].startswith("Hex bolt M8 x 40 BOLT-M8")
        assert "/catalog?category=Lighting" in page.links()

    def test_shows_the_stock_and_the_price_breaks_of_now(self, buyer: Visitor, stocked: FakeGateway):
        stocked.shop.products["85123A"]["available"] = 0
        stocked.shop.add_product(
            "MANY", price_breaks=[{"min_quantity": n, "unit_price": price("200")} for n in (2, 3, 4, 5)]
        )

        page = buyer.get("/catalog")

        assert "100 in stock £2.55 12+ £2.10 · 48+ £1.955" in page.rows()[0]
        assert "Out of stock £2.55" in page.rows()[1]
        assert page.rows()[2].count("+ £2.00") == 3
        assert "…" in page.rows()[2]
        assert "Stock and price breaks as of" in page.text
        assert len(stocked.sent("GET", "/products")) == 1

    def test_does_not_offer_what_was_switched_off_since_it_was_found(self, buyer: Visitor, stocked: FakeGateway):
        stocked.shop.search_finds_inactive = True
        stocked.shop.products["BOLT-M8"]["is_active"] = False

        page = buyer.get("/catalog?q=bolt")

        assert "No longer sold" in page.rows()[0]
        assert "Add" not in page.rows()[0]

    def test_lists_without_stock_while_products_is_unavailable(self, buyer: Visitor, stocked: FakeGateway):
        stocked.fail_next("/products", UpstreamUnavailable("gateway", "timeout"))

        page = buyer.get("/catalog")

        assert page.status == 200
        assert "Fasteners \u2013 £2.55" in page.rows()[0]

    def test_finds_by_words_and_keeps_them_in_the_field(self, buyer: Visitor, stocked: FakeGateway):
        page = buyer.get("/").submit("/catalog", q="hanging")

        assert page.heading() == "Results for “hanging”"
        assert len(page.rows()) == 1
        assert 'value="hanging"' in page.source

    def test_narrows_by_category(self, buyer: Visitor, stocked: FakeGateway):
        page = buyer.get("/catalog?category=Lighting")

        assert page.heading() == "Lighting"
        assert len(page.rows()) == 1

    def test_offers_a_way_on_when_nothing_is_found(self, buyer: Visitor, stocked: FakeGateway):
        page = buyer.get("/catalog?q=unicorn&category=Lighting")

        assert "Nothing found" in page.text
        assert "/catalog" in page.links()

    def test_pages_through_more_than_one_page(self, buyer: Visitor, gateway: FakeGateway):
        for number in range(30):
            gateway.shop.add_product(f"SKU-{number:02}")

        first = buyer.get("/catalog?q=sku")
        second = buyer.get(next(link for link in first.links() if "cursor=" in link))

        assert (len(first.rows()), len(second.rows())) == (25, 5)
        assert "First page" in second.text

    def test_adds_to_the_cart_and_stays_on_the_page(self, buyer: Visitor, stocked: FakeGateway):
        page = buyer.get("/catalog?category=Lighting").submit("/cart/items", quantity="12")

        assert page.heading() == "Lighting"
        assert "12 units of 85123A added to your cart. Go to the cart" in page.text
        assert stocked.shop.carts["com_acme"] == {"85123A": 12}

    @pytest.mark.parametrize("quantity", ["0", "-1", "1.5", "many", "10000001", "", "٣"])
    def test_refuses_what_is_no_quantity(self, buyer: Visitor, stocked: FakeGateway, quantity: str):
        page = buyer.get("/products/BOLT-M8").submit("/cart/items", quantity=quantity)

        assert "Enter a whole number from 1 to 1,000,000" in page.text
        assert stocked.shop.carts.get("com_acme") in (None, {})


class TestHome:
    def test_shows_orders_and_cart_while_the_search_is_away(self, buyer: Visitor, stocked: FakeGateway):
        stocked.shop.book.add(("BOLT-M8", 1))
        stocked.fail_next("/search", UpstreamUnavailable("gateway", "status_503"))

        page = buyer.get("/")

        assert page.status == 200
        assert len(page.rows()) == 1
        assert "Categories" not in page.text
        assert "Categories" in buyer.get("/").text


class TestSuggestions:
    def test_come_as_json_from_two_letters_on(self, buyer: Visitor, stocked: FakeGateway):
        assert buyer.client.get("/catalog/suggestions?q=w").json == {"items": []}

        found = buyer.client.get("/catalog/suggestions?q=wh")

        note = "£2.55 · 100 in stock"
        assert found.json == {"items": [{"sku": "85123A", "name": "White hanging heart", "note": note}]}

    def test_suggests_without_stock_while_products_is_unavailable(self, buyer: Visitor, stocked: FakeGateway):
        stocked.fail_next("/products", UpstreamUnavailable("gateway", "timeout"))

        found = buyer.client.get("/catalog/suggestions?q=wh")

        assert found.json == {"items": [{"sku": "85123A", "name": "White hanging heart", "note": ""}]}


class TestProductPage:
    def test_shows_each_price_step_with_its_saving(self, buyer: Visitor, stocked: FakeGateway):
        rows = buyer.get("/products/BOLT-M8").rows()

        assert rows == ["1\u201311 £2.55 \u2013", "12\u201347 £2.10 18 %", "48+ £1.955 23 %"]

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"available": 100}, "100 in stock"),
            ({"available": 0}, "Out of stock"),
            ({"is_stocked": False, "available": None}, "Always available"),
            ({"is_active": False}, "No longer sold"),
        ],
    )
    def test_says_what_can_be_had(self, buyer: Visitor, gateway: FakeGateway, changes: dict[str, Any], words: str):
        gateway.shop.add_product("BOLT-M8", **changes)

        assert words in buyer.get("/products/BOLT-M8").text

    def test_finds_a_sku_with_slashes_and_blanks(self, buyer: Visitor, gateway: FakeGateway):
        gateway.shop.add_product("AB/C 1.0-X", unit_price=price(100))

        link = next(link for link in buyer.get("/catalog").links() if link.startswith("/products/"))

        assert "AB/C 1.0-X" in buyer.get(link).text

    def test_sells_nothing_that_is_no_longer_sold(self, buyer: Visitor, gateway: FakeGateway):
        gateway.shop.add_product("BOLT-M8", is_active=False)

        page = buyer.get("/products/BOLT-M8")

        assert "/cart/items" not in [form.get("action") for form in page.all("form")]
