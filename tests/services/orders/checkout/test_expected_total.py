"""POST /v1/orders with `expected_total`: an order is placed at the total that the caller saw, or not at all."""

from __future__ import annotations

import pytest

from services.orders.orders.documents import Order


def gbp(amount):
    return {"amount": amount, "currency": "GBP"}


class TestExpectedTotal:
    def test_places_an_order_of_that_total(self, place):
        assert place(expected_total=gbp(2500)).status_code == 201

    def test_refuses_another_total_and_names_it(self, place, products, payments):
        products.add("BOLT", 260)

        response = place(expected_total=gbp(2500))

        assert response.status_code == 409
        assert response.json["type"] == "/problems/total-changed"
        assert (response.json["expected_total"], response.json["total"]) == (gbp(2500), gbp(2600))
        assert "£25.00" in response.json["detail"]
        assert "£26.00" in response.json["detail"]
        assert (Order.objects.count(), products.held, payments.charges) == (0, {}, 0)

    @pytest.mark.parametrize("expected", [gbp(2499), gbp(2501), gbp(0), {"amount": 2500, "currency": "EUR"}])
    def test_is_exact(self, place, expected):
        assert place(expected_total=expected).json["type"] == "/problems/total-changed"

    def test_the_same_key_takes_the_new_total(self, place):
        key = {"Idempotency-Key": "attempt-1"}

        refused = place(expected_total=gbp(1), headers=key)
        placed = place(expected_total=refused.json["total"], headers=key)

        assert (refused.status_code, placed.status_code) == (409, 201)
        assert Order.objects.count() == 1

    def test_an_order_that_became_free_is_a_changed_total(self, place, products):
        products.add("BOLT", 0)

        response = place(expected_total=gbp(2500))

        assert (response.status_code, response.json["total"]) == (409, gbp(0))

    def test_an_order_that_was_free_is_a_changed_total(self, place, products):
        response = place(expected_total=gbp(0), payment=None)

        assert (response.status_code, response.json["total"]) == (409, gbp(2500))

    def test_holds_for_the_cart_too(self, place, buyer, products):
        buyer.put("/v1/cart", json={"line_items": [{"sku": "BOLT", "quantity": 10}]})
        products.add("BOLT", 260)

        assert place(line_items=None, expected_total=gbp(2500)).status_code == 409
        assert len(buyer.get("/v1/cart").json["line_items"]) == 1
        assert place(line_items=None, expected_total=gbp(2600)).status_code == 201

    def test_a_repeated_reference_leads_to_its_order_whatever_it_costs_now(self, place, products):
        first = place(reference="PO-7", expected_total=gbp(2500))
        products.add("BOLT", 260)

        repeat = place(reference="PO-7", expected_total=gbp(2500))

        assert (repeat.status_code, repeat.json["id"]) == (200, first.json["id"])

    def test_lines_that_cannot_be_ordered_come_first(self, place):
        response = place(line_items=[{"sku": "GHOST", "quantity": 1}], expected_total=gbp(1))

        assert response.status_code == 422

    @pytest.mark.parametrize("wrong", [2500, "2500", {"amount": "25.00", "currency": "GBP"}, gbp(-1)])
    def test_refuses_what_is_no_money(self, place, wrong):
        response = place(expected_total=wrong)

        assert response.status_code == 422
        assert response.json["errors"][0]["pointer"].startswith("/expected_total")
