"""Products at the admin portal."""

from __future__ import annotations

from typing import Any

import pytest

from tests.portals.fake_gateway import FakeGateway
from tests.portals.fake_shapes import price
from tests.portals.pages import Visitor


@pytest.fixture
def shop(gateway: FakeGateway):
    gateway.shop.add_product("BOLT-M8")
    gateway.shop.reserved["BOLT-M8"] = 10
    return gateway.shop


class TestProducts:
    def test_invites_to_import_when_there_are_none(self, staff: Visitor):
        assert "No products yet" in staff.get("/admin/products").text

    def test_searches(self, staff: Visitor, gateway, shop):
        shop.add_product("NUT-M8", name="Hex nut M8")

        page = staff.get("/admin/products").submit("/products", q="nut")
        staff.get("/admin/products", query={"q": "n" * 101})
        assert [len(call.query["q"]) for call in gateway.sent("GET", "/search")] == [3, 100], "search takes no more"

        assert len(page.rows()) == 1

    def test_changes_prices_and_breaks(self, staff: Visitor, shop):
        page = staff.get("/admin/products/BOLT-M8")
        assert "12: 2.10\n48: 1.955" in page.source

        page = page.submit("/products/BOLT-M8", unit_price="2.999", price_breaks="100: 1.50\n10: 2")

        product = shop.products["BOLT-M8"]
        assert product["unit_price"] == price("299.9")
        assert product["price_breaks"] == [
            {"min_quantity": 10, "unit_price": price(200)},
            {"min_quantity": 100, "unit_price": price(150)},
        ]
        assert "Saved" in page.text

    @pytest.mark.parametrize(
        ("typed", "words"),
        [
            ({"unit_price": "cheap"}, "Enter an amount of 0 or more, such as 12.50"),
            ({"unit_price": "1,50"}, "A comma only separates thousands"),
            ({"unit_price": "1e3"}, "Enter an amount of 0 or more"),
            ({"price_breaks": "12: 1,50"}, "A comma only separates thousands"),
            ({"price_breaks": "1,2: 2.10"}, "A comma only separates thousands"),
            ({"unit_price": "-1"}, "Enter an amount of 0 or more"),
            ({"unit_price": "NaN"}, "Enter an amount of 0 or more"),
            ({"price_breaks": "12 for 2.10"}, "“12 for 2.10”: This is not of the form 12: 2.10."),
            ({"price_breaks": "1,2: 2.10\n9: 2\n12: x"}, "“1,2: 2.10”: Enter a whole number, 2 or more."),
            ({"price_breaks": "1,2: 2.10\n9: 2\n12: x"}, "“12: x”: Enter an amount of 0 or more"),
            ({"price_breaks": "1: 2.10"}, "Enter a whole number, 2 or more"),
            ({"name": ""}, "Enter the name."),
            ({"name": "N" * 201}, "Longer than maximum length 200."),
        ],
    )
    def test_says_what_is_wrong_beside_the_field(self, staff: Visitor, shop, typed: dict[str, Any], words: str):
        before = dict(shop.products["BOLT-M8"])

        page = staff.get("/admin/products/BOLT-M8").submit("/products/BOLT-M8", **typed)

        assert page.status == 422
        assert words in page.text
        assert shop.products["BOLT-M8"] == before

    def test_warns_of_a_break_that_costs_more_than_fewer_units(self, staff: Visitor, shop):
        warning = "From 12 units on, one costs £2.10: more than the £2.00 for fewer."
        shop.products["BOLT-M8"]["warnings"] = [warning]

        page = staff.get("/admin/products/BOLT-M8").submit("/products/BOLT-M8", unit_price="2.00")

        assert page.status == 200
        assert warning in page.text

    def test_stops_and_resumes_the_sale(self, staff: Visitor, shop):
        token = staff.get("/admin/products/BOLT-M8").form("/products/BOLT-M8").findall("input")[0].get("value")

        page = staff.post("/admin/products/BOLT-M8", {"csrf_token": token, "part": "activity", "is_active": "no"})
        assert not shop.products["BOLT-M8"]["is_active"]

        assert "Sell it again" in page.text

    @pytest.mark.parametrize(
        ("typed", "words", "available"),
        [
            ({"on_hand": "50"}, "50 units on hand; before: 110", 40),
            ({"on_hand": "9"}, "10 units are reserved for orders", 100),
            ({"on_hand": "-1"}, "Enter a whole number", 100),
            ({"on_hand": "1,5"}, "A comma only separates thousands", 100),
            ({"on_hand": "5_0"}, "Enter a whole number", 100),
        ],
    )
    def test_sets_the_stock(self, staff: Visitor, shop, typed: dict[str, Any], words: str, available: int | None):
        token = staff.get("/admin/products/BOLT-M8").form("/products/BOLT-M8").findall("input")[0].get("value")

        page = staff.post("/admin/products/BOLT-M8", {"csrf_token": token, "part": "inventory"} | typed)

        assert words in page.text
        assert shop.products["BOLT-M8"]["available"] == available
        if page.status == 422:
            (field,) = [each for each in page.all("input") if each.get("aria-invalid")]
            assert (field.get("name"), field.get("value")) == ("on_hand", typed["on_hand"])

    def test_asks_before_the_stock_is_forgotten_and_can_put_it_back(self, staff: Visitor, shop):
        page = staff.get("/admin/products/BOLT-M8")

        page = page.submit("/products/BOLT-M8", part="inventory", is_stocked="no")
        assert page.heading() == "Stop stocking BOLT-M8?"
        assert "The count is forgotten: 110 units on hand, 10 of them reserved for orders." in page.text
        assert shop.products["BOLT-M8"]["available"] == 100

        page = page.confirm()
        assert "is not stocked any more" in page.text
        assert shop.products["BOLT-M8"]["available"] is None

        page = page.submit("/products/BOLT-M8", on_hand="110")
        assert shop.products["BOLT-M8"]["available"] == 100

    def test_keeps_the_lines_of_a_description(self, staff: Visitor, shop):
        page = staff.get("/admin/products/BOLT-M8").submit("/products/BOLT-M8", description="Two\nlines")

        assert page.status == 200
        assert shop.products["BOLT-M8"]["description"] == "Two\nlines"

    def test_creates_one(self, staff: Visitor, shop):
        typed = {"sku": "nut-m8", "name": "Hex nut", "unit_price": "0.05", "currency": "EUR"}

        page = staff.get("/admin/products/new").submit("/products/new", **typed)

        assert page.heading() == "Hex nut"
        assert shop.products["NUT-M8"]["unit_price"] == {"amount": "5", "currency": "EUR"}

    @pytest.mark.parametrize(("currency", "price", "minor"), [("CLP", "4,990", "4990"), ("OMR", "1.234", "1234")])
    def test_creates_one_in_any_currency(self, staff: Visitor, shop, currency: str, price: str, minor: str):
        typed = {
            "sku": "nut-m8",
            "name": "Nut",
            "unit_price": price,
            "currency": currency,
            "price_breaks": f"9: {price}",
        }

        page = staff.get("/admin/products/new").submit("/products/new", **typed)

        wanted = {"amount": minor, "currency": currency}
        assert shop.products["NUT-M8"]["unit_price"] == wanted
        assert shop.products["NUT-M8"]["price_breaks"] == [{"min_quantity": 9, "unit_price": wanted}]
        assert f"Unit price in {currency}" in page.text

    @pytest.mark.parametrize(
        ("currency", "hint"),
        [("CLP", ""), ("EUR", "for example 0.125 EUR."), ("OMR", "for example 0.0125 OMR.")],
    )
    def test_names_no_currency_that_may_change_and_hints_at_decimals_where_there_are(
        self, staff: Visitor, shop, currency: str, hint: str
    ):
        shop.sold_in = ["CLP", "EUR", "OMR"]

        page = staff.get("/admin/products/new").submit("/products/new", sku="NUT", currency=currency, unit_price="x")

        (label,) = [each.text for each in page.all("label") if each.get("for") == "field-unit_price"]
        assert label == "Unit price"
        assert ("May be finer" in page.text) == bool(hint)
        assert hint in page.text

    @pytest.mark.parametrize("currency", ["ABC", "XXX", "XAU", ""])
    def test_refuses_what_is_no_currency_and_offers_the_list(self, staff: Visitor, shop, currency: str):
        typed = {"sku": "nut-m8", "name": "Nut", "unit_price": "1", "currency": currency}

        page = staff.get("/admin/products/new").submit("/products/new", **typed)

        assert page.status == 422
        assert "Choose a currency from the list." in page.text
        assert "NUT-M8" not in shop.products

    def test_of_an_older_version_without_a_currency_is_corrected_on_its_page(self, staff: Visitor, shop):
        money = {"amount": "255", "currency": "ABC"}
        shop.products["BOLT-M8"] |= {"unit_price": money, "price_breaks": []}

        page = staff.get("/admin/products/BOLT-M8").submit("/products/BOLT-M8", name="Bolt")
        assert "Choose a currency from the list." in page.text

        page.submit("/products/BOLT-M8", currency="EUR")
        assert shop.products["BOLT-M8"]["unit_price"] == {"amount": "255", "currency": "EUR"}

    def test_refuses_a_sku_that_is_taken_and_keeps_the_form(self, staff: Visitor, shop):
        typed = {"sku": "BOLT-M8", "name": "Twice", "unit_price": "1"}

        page = staff.get("/admin/products/new").submit("/products/new", **typed)

        assert page.status == 422
        assert "BOLT-M8 exists already" in page.text
        assert 'value="Twice"' in page.source
