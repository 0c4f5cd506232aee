"""Products, imports and companies at the admin portal."""

from __future__ import annotations

import io
from typing import Any

import pytest

from shared.portal.gateway import Upload
from tests.portals.fake_gateway import FakeGateway
from tests.portals.fake_shapes import gbp
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
        assert product["unit_price"] == gbp("299.9")
        assert product["price_breaks"] == [
            {"min_quantity": 10, "unit_price": gbp(200)},
            {"min_quantity": 100, "unit_price": gbp(150)},
        ]
        assert "Saved" in page.text

    @pytest.mark.parametrize(
        ("typed", "words"),
        [
            ({"unit_price": "cheap"}, "Enter an amount such as 12.50"),
            ({"unit_price": "-1"}, "Enter an amount of 0 or more"),
            ({"unit_price": "NaN"}, "Enter an amount of 0 or more"),
            ({"price_breaks": "12 for 2.10"}, "is not of the form 12: 2.10"),
            ({"price_breaks": "1: 2.10"}, "Enter a whole number, 2 or more"),
            ({"name": ""}, "A name is needed"),
        ],
    )
    def test_says_what_is_wrong_beside_the_field(self, staff: Visitor, shop, typed: dict[str, Any], words: str):
        before = dict(shop.products["BOLT-M8"])

        page = staff.get("/admin/products/BOLT-M8").submit("/products/BOLT-M8", **typed)

        assert page.status == 422
        assert words in page.text
        assert shop.products["BOLT-M8"] == before

    def test_stops_and_resumes_the_sale(self, staff: Visitor, shop):
        token = staff.get("/admin/products/BOLT-M8").form("/products/BOLT-M8").findall("input")[0].get("value")

        page = staff.post("/admin/products/BOLT-M8", {"csrf_token": token, "part": "activity", "is_active": "no"})
        assert not shop.products["BOLT-M8"]["is_active"]

        assert "Sell it again" in page.text

    @pytest.mark.parametrize(
        ("typed", "words", "available"),
        [
            ({"on_hand": "50"}, "50 units on hand; before: 110", 40),
            ({"is_stocked": "no"}, "is not stocked any more", None),
            ({"on_hand": "9"}, "10 units are reserved for orders", 100),
            ({"on_hand": "-1"}, "Enter a whole number", 100),
        ],
    )
    def test_sets_the_stock(self, staff: Visitor, shop, typed: dict[str, Any], words: str, available: int | None):
        token = staff.get("/admin/products/BOLT-M8").form("/products/BOLT-M8").findall("input")[0].get("value")

        page = staff.post("/admin/products/BOLT-M8", {"csrf_token": token, "part": "inventory"} | typed)

        assert words in page.text
        assert shop.products["BOLT-M8"]["available"] == available

    def test_creates_one(self, staff: Visitor, shop):
        typed = {"sku": "nut-m8", "name": "Hex nut", "unit_price": "0.05", "currency": "EUR"}

        page = staff.get("/admin/products/new").submit("/products/new", **typed)

        assert page.heading() == "Hex nut"
        assert shop.products["NUT-M8"]["unit_price"] == {"amount": 5, "currency": "EUR"}

    def test_refuses_a_sku_that_is_taken_and_keeps_the_form(self, staff: Visitor, shop):
        typed = {"sku": "BOLT-M8", "name": "Twice", "unit_price": "1"}

        page = staff.get("/admin/products/new").submit("/products/new", **typed)

        assert page.status == 422
        assert "BOLT-M8 exists already" in page.text
        assert 'value="Twice"' in page.source


class TestImports:
    def upload(self, staff: Visitor, content: bytes, filename: str = "catalog.csv"):
        form = staff.get("/admin/imports").form("/imports")
        token = form.findall("input")[0].get("value")
        return staff.post("/admin/imports", {"csrf_token": token, "file": (io.BytesIO(content), filename)})

    def test_uploads_and_watches(self, staff: Visitor, gateway: FakeGateway):
        page = self.upload(staff, b"sku,name\r\n")

        assert page.heading() == "catalog.csv"
        assert "Queued" in page.text
        assert gateway.sent("POST", "/products/imports")[0].upload == Upload("catalog.csv", b"sku,name\r\n")
        assert 'http-equiv="refresh"' in page.source

    def test_shows_counts_and_every_row_that_was_refused(self, staff: Visitor, gateway: FakeGateway):
        self.upload(staff, b"x")
        found = next(iter(gateway.shop.imports.values()))
        errors = [{"row": row, "field": "unit_price", "detail": "is no amount"} for row in range(2, 102)]
        found |= {"status": "succeeded", "rows_read": 1500, "created": 1200, "failed": 250, "errors": errors}

        page = staff.get(f"/admin/imports/{found['id']}")

        assert "1,500 Rows read" in page.text
        assert page.rows()[0] == "2 unit_price is no amount"
        assert "… and 150 more rows" in page.text
        assert "refresh" not in page.source
        assert staff.client.get(f"/admin/imports/{found['id']}/state").get_json()["is_over"]

    def test_tells_of_a_file_that_cannot_be_read(self, staff: Visitor, gateway: FakeGateway):
        self.upload(staff, b"x")
        found = next(iter(gateway.shop.imports.values()))
        found |= {"status": "failed", "errors": [{"row": 0, "field": "", "detail": "This is not UTF-8"}]}

        page = staff.get(f"/admin/imports/{found['id']}")

        assert "nothing was changed" in page.text
        assert "This is not UTF-8" in page.text

    def test_asks_for_a_file(self, staff: Visitor):
        page = staff.get("/admin/imports").submit("/imports")

        assert page.status == 422
        assert "Choose a CSV file first" in page.text

    def test_shows_why_the_gateway_refused_it(self, staff: Visitor):
        page = self.upload(staff, b"")

        assert page.status == 422
        assert "The file is empty" in page.text

    def test_lists_those_of_this_session_only(self, staff: Visitor, gateway: FakeGateway):
        self.upload(staff, b"x", "mine.csv")
        assert "mine.csv" in staff.get("/admin/").text
        gateway.shop.imports.clear()

        assert "No imports since you signed in" in staff.get("/admin/imports").text

    def test_offers_a_template_with_every_column(self, staff: Visitor):
        response = staff.client.get("/admin/imports/template.csv")

        assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert response.text.startswith("sku,name,description,category,unit_price,currency,stock,breaks\r\n")


class TestCompanies:
    def test_adds_one(self, staff: Visitor, gateway: FakeGateway):
        page = staff.get("/admin/companies").submit("/companies", name="Initech Stores", reference="C-9")

        assert "Initech Stores is added" in page.text
        assert any("Initech Stores" in row for row in page.rows())

    def test_tells_of_a_reference_that_is_known(self, staff: Visitor):
        page = staff.get("/admin/companies").submit("/companies", name="Another", reference="C-1001")

        assert "belongs to Acme Trading already; nothing was added" in page.text

    def test_asks_for_a_name(self, staff: Visitor):
        page = staff.get("/admin/companies").submit("/companies", name=" ", reference="C-9")

        assert page.status == 422
        assert "Enter the company's name" in page.text
        assert 'value="C-9"' in page.source

    def test_finds_by_reference(self, staff: Visitor, gateway: FakeGateway):
        gateway.shop.add_company("com_globex", "Globex Retail", "C-2")

        assert len(staff.get("/admin/companies?reference=C-2").rows()) == 1
        assert "No company with this reference" in staff.get("/admin/companies?reference=C-3").text
