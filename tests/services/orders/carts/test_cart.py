"""The cart: what it shows, how it fills, and how it becomes one order."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.orders.carts.documents import Cart
from services.orders.orders.documents import Order
from shared.base.clock import now
from tests.fakes import ProcessKilled
from tests.support import GLOBEX

PAYMENT = {"payment": {"method": "card", "token": "tok_ok"}}


def fill(client, *lines):
    return client.put("/v1/cart", json={"line_items": [{"sku": sku, "quantity": n} for sku, n in lines]})


def quantities(response):
    return [(line["sku"], line["quantity"]) for line in response.json["line_items"]]


class TestCart:
    def test_is_empty_at_first_and_calls_no_service(self, buyer, products):
        response = buyer.get("/v1/cart")

        assert response.json == {"line_items": [], "total": None, "problem": None, "updated_at": None}
        assert products.faults.calls == []

    def test_shows_prices_stock_and_total_by_one_call(self, buyer, products):
        fill(buyer, ("nut", 100), ("POSTAGE", 1), ("BOLT", 2000))
        products.faults.calls.clear()

        cart = buyer.get("/v1/cart").json

        assert products.faults.calls == ["prices"]
        assert cart["line_items"][0] == {
            "sku": "NUT",
            "name": "Product NUT",
            "quantity": 100,
            "unit_price": {"amount": "10", "currency": "GBP"},
            "total": {"amount": 1000, "currency": "GBP"},
            "available": 1000,
            "is_available": True,
            "problem": None,
        }
        assert [line["available"] for line in cart["line_items"]] == [1000, None, 1000]
        assert [line["is_available"] for line in cart["line_items"]] == [True, True, False]
        assert cart["total"] == {"amount": 1000 + 1800 + 500_000, "currency": "GBP"}
        assert cart["updated_at"].endswith("Z")

    def test_is_replaced_and_added_to(self, buyer):
        fill(buyer, ("NUT", 5))
        fill(buyer, ("BOLT", 1), ("NUT", 2), ("bolt", 2))
        response = buyer.post("/v1/cart/items", json={"sku": "nut", "quantity": 3})

        assert quantities(response) == [("BOLT", 3), ("NUT", 5)]

    def test_refuses_unknown_products(self, buyer):
        replaced = fill(buyer, ("BOLT", 1), ("GHOST", 1))
        added = buyer.post("/v1/cart/items", json={"sku": "GHOST", "quantity": 1})

        assert (replaced.status_code, added.status_code) == (422, 422)
        assert [error["pointer"] for error in replaced.json["errors"]] == ["/line_items/1/sku"]
        assert [error["pointer"] for error in added.json["errors"]] == ["/sku"]

    def test_refuses_more_of_one_product_than_a_line_holds(self, buyer):
        filled = fill(buyer, ("NUT", 1), ("NUT", 1), ("BOLT", 1_000_000))
        added = buyer.post("/v1/cart/items", json={"sku": "BOLT", "quantity": 1})
        repeated = fill(buyer, ("NUT", 1), ("NUT", 1), ("BOLT", 1_000_000), ("BOLT", 1))

        assert [each.status_code for each in (filled, added, repeated)] == [200, 422, 422]
        assert [each.json["errors"][0]["pointer"] for each in (added, repeated)] == [
            "/quantity",
            "/line_items/3/quantity",
        ]

    def test_refuses_more_products_than_it_holds(self, buyer, products):
        skus = [f"SKU-{number}" for number in range(2001)]
        for sku in skus:
            products.add(sku)
        fill(buyer, *((sku, 1) for sku in skus[:2000]))

        refused = buyer.post("/v1/cart/items", json={"sku": skus[2000], "quantity": 1})

        assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/sku")
        assert buyer.post("/v1/cart/items", json={"sku": skus[0], "quantity": 1}).status_code == 200

    @pytest.mark.parametrize("quantity", [0, -1, 1_000_001, "2", 1.5, None])
    def test_wants_whole_units(self, buyer, quantity):
        assert fill(buyer, ("BOLT", quantity)).status_code == 422

    def test_shows_what_is_not_sold_any_more_without_a_total(self, buyer, products):
        fill(buyer, ("BOLT", 1), ("NUT", 1))
        del products.offers["NUT"]

        cart = buyer.get("/v1/cart").json

        assert cart["line_items"][1]["is_available"] is False
        assert cart["line_items"][1]["unit_price"] is None
        assert cart["total"] is None

    def test_says_at_the_line_that_its_currency_is_another(self, buyer, products):
        products.add("EURO", currency="EUR")
        fill(buyer, ("BOLT", 1))

        cart = buyer.post("/v1/cart/items", json={"sku": "EURO", "quantity": 1}).json

        detail = "Its price is in EUR, the first line's in GBP; an order has one currency."
        assert [line["problem"] for line in cart["line_items"]] == [None, detail]
        assert cart["line_items"][1]["total"] == {"amount": 250, "currency": "EUR"}
        assert cart["total"] is None
        assert cart["problem"].startswith("The cart holds prices in GBP and EUR.")
        assert fill(buyer, ("EURO", 1)).json["problem"] is None

    def test_says_why_a_line_cannot_be_ordered(self, buyer, products):
        products.add("RARE", on_hand=2)
        products.add("OLD", is_active=False)
        products.add("GONE", on_hand=0)
        products.add("LEV", currency="BGN")
        cart = fill(buyer, ("BOLT", 1), ("RARE", 3), ("OLD", 1), ("GONE", 1)).json
        del products.offers["OLD"]

        assert [line["problem"] for line in cart["line_items"]] == [
            None,
            "Only 2 are available.",
            "This product is not sold any more.",
            "Out of stock.",
        ]
        assert buyer.get("/v1/cart").json["line_items"][2]["problem"] == "The catalog has no product with this SKU."
        lev = fill(buyer, ("LEV", 1)).json["line_items"][0]
        assert lev["problem"] == "Its price is in BGN, which is not a currency of ISO 4217."

    def test_belongs_to_one_user_in_one_company(self, buyer, app, api):
        fill(buyer, ("BOLT", 1))

        assert api(app, user_id="usr_two").get("/v1/cart").json["line_items"] == []
        assert api(app, company_id=GLOBEX).get("/v1/cart").json["line_items"] == []

    def test_is_not_for_staff_who_act_for_no_company(self, app, api):
        client = api(app, role="buyer", company_id=None)

        assert client.get("/v1/cart").status_code == 403


class TestPlaceCart:
    def test_orders_what_is_in_it_and_empties_it(self, buyer):
        fill(buyer, ("BOLT", 4), ("NUT", 2))

        response = buyer.post("/v1/orders", json=PAYMENT)

        assert response.status_code == 201
        assert quantities(response) == [("BOLT", 4), ("NUT", 2)]
        assert buyer.get("/v1/cart").json["line_items"] == []

    def test_refuses_an_empty_one(self, buyer):
        response = buyer.post("/v1/orders", json=PAYMENT)

        assert response.status_code == 422
        assert response.json["type"] == "/problems/cart-empty"

    def test_is_refused_beyond_what_an_order_may_cost_but_can_be_read(self, buyer, products):
        skus = [f"PLANT-{number}" for number in range(20)]
        for sku in skus:
            products.add(sku, 10**12)
        filled = fill(buyer, *((sku, 1_000_000) for sku in skus))

        cart = buyer.get("/v1/cart")

        assert (filled.status_code, cart.status_code, cart.json["total"]) == (200, 200, None)
        assert cart.json["problem"].startswith("The total is beyond £1,000,000,000,000.00")
        assert buyer.post("/v1/orders", json=PAYMENT).json["errors"][0]["pointer"] == "/line_items"

    def test_names_each_line_in_another_currency(self, buyer, products):
        for sku in ("EURO", "CENT"):
            products.add(sku, currency="EUR")
        fill(buyer, ("BOLT", 1), ("EURO", 1), ("NUT", 1), ("CENT", 1))

        response = buyer.post("/v1/orders", json=PAYMENT)

        assert response.status_code == 422
        detail = "Its price is in EUR, the first line's in GBP; an order has one currency."
        named = [(error["pointer"], error["detail"]) for error in response.json["errors"]]
        assert named == [("/line_items/1/sku", detail), ("/line_items/3/sku", detail)]

    def test_is_refused_in_a_currency_that_left_iso_4217(self, buyer, products, payments):
        products.add("LEV", currency="BGN")
        fill(buyer, ("LEV", 1))

        response = buyer.post("/v1/orders", json=PAYMENT)

        assert response.json["errors"][0]["pointer"] == "/line_items/0/sku"
        assert payments.charges == 0

    def test_keeps_it_when_the_card_is_declined(self, buyer):
        fill(buyer, ("BOLT", 4))
        declined = buyer.post("/v1/orders", json={"payment": {"method": "card", "token": "tok_declined"}})

        assert declined.status_code == 402
        assert quantities(buyer.get("/v1/cart")) == [("BOLT", 4)]
        assert buyer.post("/v1/orders", json=PAYMENT).status_code == 201

    def test_counts_as_empty_while_its_order_is_undecided(self, buyer):
        fill(buyer, ("BOLT", 4))
        slow = {"payment": {"method": "card", "token": "tok_slow"}}
        first = buyer.post("/v1/orders", json=slow)
        second = buyer.post("/v1/orders", json=slow)

        assert (first.status_code, second.status_code) == (202, 200)
        assert first.json["id"] == second.json["id"]
        assert buyer.get("/v1/cart").json["line_items"] == []
        assert quantities(buyer.post("/v1/cart/items", json={"sku": "NUT", "quantity": 1})) == [("NUT", 1)]

    def test_comes_back_when_its_undecided_order_is_cancelled(self, buyer):
        fill(buyer, ("BOLT", 4))
        order = buyer.post("/v1/orders", json={"payment": {"method": "card", "token": "tok_slow"}}).json
        buyer.post(f"/v1/orders/{order['id']}/cancellation", json={"reason": "too slow"})

        assert quantities(buyer.get("/v1/cart")) == [("BOLT", 4)]

    def test_leads_to_its_order_when_it_is_placed_again_a_moment_later(self, buyer, products, payments):
        fill(buyer, ("BOLT", 4))
        first = buyer.post("/v1/orders", json=PAYMENT)
        products.add("BOLT", 999)

        second = buyer.post("/v1/orders", json=PAYMENT | {"expected_total": {"amount": 1000, "currency": "GBP"}})

        assert (second.status_code, second.json["id"]) == (200, first.json["id"])
        assert (Order.objects.count(), payments.charges) == (1, 1)

    @pytest.mark.parametrize(
        "other",
        [
            {"po_number": "PO-2"},
            {"po_number": None},
            {"reference": "ERP-2"},
            {"expected_total": {"amount": 77_777, "currency": "EUR"}},
        ],
    )
    def test_leads_to_no_order_that_differs_from_the_wanted_one(self, buyer, other):
        fill(buyer, ("BOLT", 4))
        wanted = PAYMENT | {"po_number": "PO-1"}
        assert buyer.post("/v1/orders", json=wanted).status_code == 201

        assert buyer.post("/v1/orders", json=wanted).status_code == 200
        assert buyer.post("/v1/orders", json=wanted | other).json["type"] == "/problems/cart-empty"

    def test_is_an_empty_one_again_after_a_minute(self, buyer, hold_clock):
        fill(buyer, ("BOLT", 4))
        buyer.post("/v1/orders", json=PAYMENT)

        hold_clock(now() + timedelta(seconds=61))

        assert buyer.post("/v1/orders", json=PAYMENT).json["type"] == "/problems/cart-empty"

    def test_that_the_buyer_emptied_leads_to_no_order(self, buyer):
        fill(buyer, ("BOLT", 4))
        buyer.post("/v1/orders", json=PAYMENT)
        fill(buyer, ("NUT", 1))
        fill(buyer)

        assert buyer.post("/v1/orders", json=PAYMENT).status_code == 422

    def test_leads_to_no_order_that_was_cancelled(self, buyer):
        fill(buyer, ("BOLT", 4))
        order = buyer.post("/v1/orders", json=PAYMENT).json
        buyer.post(f"/v1/orders/{order['id']}/cancellation", json={"reason": "changed my mind"})

        assert buyer.post("/v1/orders", json=PAYMENT).status_code == 422

    def test_leads_to_no_order_of_another_user(self, buyer, app, api):
        fill(buyer, ("BOLT", 4))
        buyer.post("/v1/orders", json=PAYMENT)

        assert api(app, user_id="usr_two").post("/v1/orders", json=PAYMENT).status_code == 422

    def test_stays_empty_when_its_confirmed_order_is_cancelled(self, buyer):
        fill(buyer, ("BOLT", 4))
        order = buyer.post("/v1/orders", json=PAYMENT).json
        buyer.post(f"/v1/orders/{order['id']}/cancellation", json={"reason": "changed my mind"})

        assert buyer.get("/v1/cart").json["line_items"] == []

    def test_is_emptied_by_the_sweeper_after_a_crash(self, buyer, payments, sweep):
        fill(buyer, ("BOLT", 4))
        payments.faults.plan("authorize", ProcessKilled(), is_done=True)
        with pytest.raises(ProcessKilled):
            buyer.post("/v1/orders", json=PAYMENT)
        assert Cart.objects.get().line_items

        sweep(after=60)

        assert Order.objects.get().status == "confirmed"
        assert Cart.objects.get().line_items == []
