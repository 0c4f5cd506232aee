"""The catalog over HTTP: list, read, create, change."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from services.products.catalog.documents import Product
from tests.factories.products import SKU, csv_file, csv_row, make_product, price_break

NEW = {"sku": " bolt-m8 ", "name": "Hex bolt", "unit_price": {"amount": 255, "currency": "GBP"}}


class TestCreateProduct:
    def test_creates_it_and_publishes_its_whole_state(self, merchant: Any) -> None:
        response = merchant.post("/v1/products", json=NEW)

        assert response.status_code == 201
        assert response.headers["Location"] == "/v1/products/BOLT-M8"
        assert response.json["sku"] == SKU
        assert response.json["unit_price"] == {"amount": "255", "currency": "GBP"}
        assert response.json["is_stocked"] is False
        assert response.json["available"] is None
        (event,) = Product.get_by_sku(SKU).outbox
        assert event["name"] == "products.product_changed.v1"
        assert event["fields"]["version"] == response.json["version"] == 1
        assert event["fields"]["product"]["unit_price"] == {"amount": "255", "currency": "GBP"}

    def test_keeps_decimals_of_the_minor_unit_exactly(self, merchant: Any) -> None:
        price = {"amount": "25.5125", "currency": "GBP"}

        response = merchant.post("/v1/products", json={**NEW, "unit_price": price})

        assert response.json["unit_price"] == price
        assert merchant.get("/v1/products/bolt-m8").json["unit_price"] == price

    @pytest.mark.parametrize("amount", ["1e3", "1_000", "\uff15", "+5", " 5", "5.", "-0", "1,234", ".5", "", 1.5, -1])
    def test_refuses_an_amount_that_is_not_written_in_digits(self, merchant: Any, amount: object) -> None:
        response = merchant.post("/v1/products", json={**NEW, "unit_price": {"amount": amount, "currency": "GBP"}})

        assert response.status_code == 422
        assert response.json["errors"][0]["pointer"] == "/unit_price/amount"

    @pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
    def test_keeps_the_lines_of_a_description(self, merchant: Any, line_break: str) -> None:
        body = NEW | {"description": f"Two{line_break}lines"}

        assert merchant.post("/v1/products", json=body).json["description"] == "Two\nlines"

    @pytest.mark.parametrize("field", ["name", "category"])
    @pytest.mark.parametrize("between", ["\n", "\r\n", "\u2028", "\x85", "\x7f"])
    def test_refuses_line_breaks_in_a_line(self, merchant: Any, field: str, between: str) -> None:
        refused = merchant.post("/v1/products", json=NEW | {field: f"Two{between}lines"})

        assert refused.status_code == 422
        assert refused.json["errors"][0]["pointer"] == f"/{field}"

    @pytest.mark.parametrize("sku", ["A/B", "A B", "A/B C/D", "A.B_C-D"])
    def test_says_where_a_sku_of_any_spelling_is(self, merchant: Any, sku: str) -> None:
        location = merchant.post("/v1/products", json=NEW | {"sku": sku}).headers["Location"]

        assert location == f"/v1/products/{quote(sku, safe='')}"
        assert merchant.get(location).json["sku"] == sku

    @pytest.mark.parametrize("sku", ["A%B", "\u00fcx", "A\u00fc", "%41", "A?B", "A#B", "A;B", "A\\B"])
    def test_refuses_skus_that_no_address_spells(self, merchant: Any, sku: str) -> None:
        assert merchant.post("/v1/products", json=NEW | {"sku": sku}).status_code == 422
        assert merchant.get(f"/v1/products/{quote(sku, safe='')}").status_code == 404

    def test_refuses_a_duplicate_sku(self, merchant: Any) -> None:
        make_product()

        response = merchant.post("/v1/products", json=NEW)

        assert response.status_code == 409
        assert response.json["type"] == "/problems/sku-taken"

    def test_refuses_unknown_fields(self, merchant: Any) -> None:
        response = merchant.post("/v1/products", json={**NEW, "version": 7})

        assert response.status_code == 422
        assert response.json["errors"][0]["pointer"] == "/version"

    def test_refuses_operators_in_place_of_text(self, merchant: Any) -> None:
        assert merchant.post("/v1/products", json={**NEW, "sku": {"$ne": ""}}).status_code == 422

    @pytest.mark.parametrize("currency", ["ABC", "XXX", "XAU"])
    def test_refuses_what_is_no_currency(self, merchant: Any, currency: str) -> None:
        money = {"amount": 255, "currency": currency}
        product = {**NEW, "unit_price": money, "price_breaks": [{"min_quantity": 10, "unit_price": money}]}

        response = merchant.post("/v1/products", json=product)

        assert response.status_code == 422
        pointers = {error["pointer"] for error in response.json["errors"]}
        assert pointers == {"/unit_price/currency", "/price_breaks/0/unit_price/currency"}

    def test_refuses_breaks_in_another_currency(self, merchant: Any) -> None:
        step = {"min_quantity": 10, "unit_price": {"amount": 200, "currency": "EUR"}}

        response = merchant.post("/v1/products", json={**NEW, "price_breaks": [step]})

        assert response.status_code == 422
        assert response.json["errors"][0]["pointer"] == "/price_breaks"

    def test_is_for_the_merchant(self, buyer: Any) -> None:
        assert buyer.post("/v1/products", json=NEW).status_code == 403


class TestPriceWarnings:
    def test_name_breaks_that_cost_more_than_fewer_units(self, merchant: Any) -> None:
        make_product(price_breaks=[price_break(12, "210"), price_break(48, "195")])
        assert merchant.get(f"/v1/products/{SKU}").json["warnings"] == []

        price = {"amount": "200.5", "currency": "GBP"}
        changed = merchant.patch(f"/v1/products/{SKU}", json={"unit_price": price})

        assert changed.status_code == 200
        warning = "From 12 units on, one costs £2.10: more than the £2.005 for fewer."
        assert changed.json["warnings"] == merchant.get(f"/v1/products/{SKU}").json["warnings"] == [warning]


class TestChangeProduct:
    def test_changes_only_the_given_fields(self, merchant: Any) -> None:
        make_product(price_breaks=[price_break(12, "210")])

        response = merchant.patch(f"/v1/products/{SKU}", json={"name": "Bolt, hexagonal"})

        assert response.status_code == 200
        assert response.json["name"] == "Bolt, hexagonal"
        assert response.json["price_breaks"][0]["unit_price"]["amount"] == "210"
        assert response.json["version"] == 2
        product = Product.get_by_sku(SKU)
        assert [event["fields"]["version"] for event in product.outbox] == [1, 2]
        assert product.outbox[-1]["fields"]["product"]["category"] == "Fasteners"

    def test_writes_and_publishes_nothing_when_nothing_differs(self, merchant: Any) -> None:
        make_product()

        response = merchant.patch(f"/v1/products/{SKU}", json={"name": "Hex bolt M8"})

        assert response.json["version"] == 1
        assert len(Product.get_by_sku(SKU).outbox) == 1

    def test_sorts_price_breaks(self, merchant: Any) -> None:
        make_product()
        steps = [
            {"min_quantity": quantity, "unit_price": {"amount": amount, "currency": "GBP"}}
            for quantity, amount in ((48, 195), (12, 210))
        ]

        response = merchant.patch(f"/v1/products/{SKU}", json={"price_breaks": steps})

        assert [step["min_quantity"] for step in response.json["price_breaks"]] == [12, 48]

    def test_removes_price_breaks_and_stays_readable(self, merchant: Any, orders: Any) -> None:
        make_product(price_breaks=[price_break(12, "210")])

        changed = merchant.patch(f"/v1/products/{SKU}", json={"price_breaks": []})

        assert (changed.status_code, changed.json["price_breaks"]) == (200, [])
        assert merchant.get(f"/v1/products/{SKU}").json == changed.json
        assert merchant.get("/v1/products").json["items"] == [changed.json]
        line = {"sku": SKU, "quantity": 12}
        priced = orders.post("/internal/v1/prices", json={"line_items": [line]}).json["items"]
        assert priced[0]["unit_price"]["amount"] == "255"
        again = merchant.patch(f"/v1/products/{SKU}", json={"price_breaks": [], "name": "Renamed"})
        assert (again.json["version"], again.json["price_breaks"]) == (3, [])

    def test_returns_404_for_an_unknown_sku(self, merchant: Any) -> None:
        assert merchant.patch("/v1/products/NONE", json={"name": "x"}).status_code == 404


class TestReadProduct:
    def test_shows_the_available_units(self, buyer: Any) -> None:
        make_product(stock=7)

        response = buyer.get(f"/v1/products/{SKU.lower()}")

        assert response.status_code == 200
        assert (response.json["is_stocked"], response.json["available"]) == (True, 7)
        assert set(response.json) == {
            *("sku", "name", "description", "category", "unit_price", "price_breaks", "warnings"),
            *("is_stocked", "available", "is_active", "version", "created_at", "updated_at"),
        }

    def test_finds_a_sku_with_slash_and_space(self, buyer: Any) -> None:
        make_product("A/B 1")

        assert buyer.get("/v1/products/a%2Fb%201").json["sku"] == "A/B 1"

    def test_hides_inactive_products_from_buyers(self, buyer: Any, merchant: Any) -> None:
        make_product(is_active=False)

        hidden = buyer.get(f"/v1/products/{SKU}")
        assert (hidden.status_code, hidden.json["detail"]) == (404, f"Product {SKU} was not found")
        assert buyer.get("/v1/products").json["items"] == []
        assert merchant.get(f"/v1/products/{SKU}").json["is_active"] is False

    def test_returns_404_for_an_invalid_sku(self, buyer: Any) -> None:
        assert buyer.get("/v1/products/$ne").status_code == 404


class TestListProducts:
    def test_pages_by_sku(self, buyer: Any) -> None:
        for sku in ("C", "A", "B"):
            make_product(sku, stock=1)

        first = buyer.get("/v1/products?limit=2").json
        second = buyer.get(f"/v1/products?limit=2&cursor={first['next_cursor']}").json

        assert [item["sku"] for item in first["items"]] == ["A", "B"]
        assert [item["sku"] for item in second["items"]] == ["C"]
        assert second["next_cursor"] is None
        assert first["items"][0]["available"] == 1

    def test_reads_several_products_with_their_stock_at_once(self, buyer: Any) -> None:
        for sku, stock in (("A", 1), ("B", 2), ("C", 3)):
            make_product(sku, stock=stock)
        make_product("OFF", is_active=False)

        items = buyer.get("/v1/products?sku=c&sku=A&sku=OFF&sku=NONE&sku=A").json["items"]

        assert [(item["sku"], item["available"]) for item in items] == [("A", 1), ("C", 3)]

    def test_refuses_more_than_a_hundred_skus_and_what_is_none(self, buyer: Any) -> None:
        many = "&".join(f"sku=S-{number}" for number in range(101))

        assert buyer.get(f"/v1/products?{many}").status_code == 422
        assert buyer.get("/v1/products?sku=//").json["errors"][0]["pointer"].startswith("/sku")

    def test_filters_by_category(self, buyer: Any) -> None:
        make_product("A", category="Tools")
        make_product("B")

        assert [item["sku"] for item in buyer.get("/v1/products?category=Tools").json["items"]] == ["A"]

    def test_refuses_an_invalid_cursor(self, buyer: Any) -> None:
        assert buyer.get("/v1/products?cursor=e30").status_code == 422

    def test_is_served_by_indexes(self, products_app: object) -> None:
        for number in range(50):
            make_product(f"SKU-{number}", category="Tools" if number % 2 else "Toys")
        lists = [
            {"is_active": True},
            {"is_active": True, "category": "Tools"},
            {"category": "Tools"},
            {},
            {"is_active": True, "sku": {"$gt": "SKU-2"}},
        ]

        for query in lists:
            for sort in ([("sku", 1)], [("updated_at", 1), ("_id", 1)], [("_id", -1)]):
                plan = Product.collection().find(query).sort(sort).limit(20).explain()
                assert "COLLSCAN" not in str(plan["queryPlanner"]["winningPlan"]), query
                assert "'SORT'" not in str(plan["queryPlanner"]["winningPlan"]), query

    def test_shows_what_was_changed_since(self, merchant: Any) -> None:
        for sku in ("A", "B", "C"):
            make_product(sku)
        since = merchant.get("/v1/products/C").json["updated_at"]
        merchant.patch("/v1/products/A", json={"name": "Another bolt"})

        changed = merchant.get(f"/v1/products?updated_after={since}").json

        assert [each["sku"] for each in changed["items"]][-2:] == ["C", "A"]
        assert changed["updated_until"] < since

    def test_shows_what_an_import_changed(self, merchant: Any, imported: Any) -> None:
        make_product("A")
        make_product("B")
        imported(csv_file([csv_row("A", name="Another bolt")]))

        assert merchant.get("/v1/products?sort=-updated_at").json["items"][0]["sku"] == "A"
