"""POST /v1/orders: what is placed, what it costs, and what is refused."""

from __future__ import annotations

import pytest

from services.orders.clients import Clients
from services.orders.orders.documents import Order
from shared.base.clock import today
from tests.factories.orders import announced
from tests.support import ACME, GLOBEX


def errors_of(response):
    return [(error["pointer"], error["detail"]) for error in response.json["errors"]]


class TestPlaceOrder:
    def test_confirms_with_stock_held_and_money_authorised(self, place, products, payments):
        response = place(reference="PO-7", po_number="4711", ordered_on=today().isoformat())

        order = response.json
        assert response.status_code == 201
        assert order["status"] == "confirmed"
        assert (order["reference"], order["po_number"], order["ordered_on"]) == ("PO-7", "4711", today().isoformat())
        assert order["number"].startswith("SO-")
        assert order["total"] == {"amount": 2500, "currency": "GBP"}
        assert order["payment_id"] == "pay_1"
        assert products.held[order["id"]] == {"BOLT": 10}
        assert payments.payments[order["id"]]["amount"] == 2500
        stored = Order.get(order["id"])
        assert announced(stored) == ["order_confirmed"]
        assert stored.card_token is None
        assert stored.next_sweep_at is None

    def test_announces_what_was_ordered(self, place):
        lines = [{"sku": "BOLT", "quantity": 2}, {"sku": "NUT", "quantity": 100}]

        order = Order.get(place(line_items=lines, po_number="4711").json["id"])

        assert order.outbox[0]["fields"] == {
            "order_id": order.id,
            "number": order.number,
            "company_id": ACME,
            "placed_by": "usr_one",
            "acted_by": None,
            "po_number": "4711",
            "currency": "GBP",
            "total_amount": 1500,
            "line_count": 2,
            "line_items": [
                {"sku": "BOLT", "name": "Product BOLT", "quantity": 2, "total_amount": 500},
                {"sku": "NUT", "name": "Product NUT", "quantity": 100, "total_amount": 1000},
            ],
        }

    def test_announces_the_first_twenty_lines_of_a_long_order(self, place):
        order = Order.get(place(line_items=[{"sku": "BOLT", "quantity": 1}] * 25).json["id"])

        announced_fields = order.outbox[0]["fields"]
        assert (announced_fields["line_count"], len(announced_fields["line_items"])) == (25, 20)

    def test_shows_it_as_it_was_answered(self, place, buyer):
        placed = place().json

        assert buyer.get(f"/v1/orders/{placed['id']}").json == placed

    def test_keeps_repeated_skus_apart_and_reserves_their_sum(self, place, products):
        lines = [{"sku": "bolt", "quantity": 2}, {"sku": "NUT", "quantity": 5}, {"sku": "BOLT ", "quantity": 3}]

        order = place(line_items=lines).json

        assert [(line["line_id"], line["sku"], line["quantity"]) for line in order["line_items"]] == [
            ("1", "BOLT", 2),
            ("2", "NUT", 5),
            ("3", "BOLT", 3),
        ]
        assert products.held[order["id"]] == {"BOLT": 5, "NUT": 5}

    def test_prices_by_quantity_and_rounds_each_line_half_even(self, place):
        lines = [{"sku": "NUT", "quantity": quantity} for quantity in (1, 3)]

        order = place(line_items=lines).json

        assert [line["unit_price"]["amount"] for line in order["line_items"]] == ["12.5", "12.5"]
        assert [line["total"]["amount"] for line in order["line_items"]] == [12, 38]
        assert order["total"]["amount"] == 50

    def test_gives_two_lines_of_a_product_the_break_that_the_cart_gives(self, place, buyer):
        lines = [{"sku": sku, "quantity": quantity} for sku, quantity in (("NUT", 60), ("BOLT", 1), ("nut", 40))]
        cart = buyer.put("/v1/cart", json={"line_items": lines}).json

        order = place(line_items=lines).json

        assert [line["unit_price"]["amount"] for line in order["line_items"]] == ["10", "250", "10"]
        assert order["total"] == cart["total"] == {"amount": 1250, "currency": "GBP"}

    def test_costs_at_least_a_minor_unit_when_its_price_is_less(self, place, buyer, products, payments):
        products.add("GRAIN", "0.4")
        line = {"sku": "GRAIN", "quantity": 1}
        cart = buyer.put("/v1/cart", json={"line_items": [line]}).json

        unpaid, order = place(line_items=[line], payment=None), place(line_items=[line]).json

        assert errors_of(unpaid)[0][0] == "/payment"
        assert order["total"] == cart["total"] == {"amount": 1, "currency": "GBP"}
        assert payments.charges == 1

    def test_takes_the_price_a_rep_keys_in(self, place, rep):
        price = {"amount": "333.3", "currency": "GBP"}

        order = place(client=rep, line_items=[{"sku": "BOLT", "quantity": 3, "unit_price": price}]).json

        assert order["line_items"][0]["unit_price"] == price
        assert order["total"]["amount"] == 1000
        assert (order["placed_by"], order["acted_by"]) == ("usr_rep", "usr_rep")

    @pytest.mark.parametrize("currency", ["ABC", "XXX", "XAU"])
    def test_refuses_a_price_in_what_is_no_currency(self, place, rep, currency):
        line = {"sku": "BOLT", "quantity": 3, "unit_price": {"amount": 1, "currency": currency}}

        response = place(client=rep, line_items=[line])

        assert response.status_code == 422
        pointers = [error["pointer"] for error in response.json["errors"]]
        assert pointers == ["/line_items/0/unit_price/currency"]

    def test_takes_no_other_currency_than_the_catalogs(self, place, rep):
        prices = [{"amount": 1, "currency": currency} for currency in ("GBP", "USD", "EUR")]
        lines = [{"sku": "BOLT", "quantity": 3, "unit_price": price} for price in prices]

        response = place(client=rep, line_items=lines)

        assert response.status_code == 422
        assert errors_of(response) == [
            ("/line_items/1/unit_price/currency", "The catalog sells this product in GBP, not in USD."),
            ("/line_items/2/unit_price/currency", "The catalog sells this product in GBP, not in EUR."),
        ]

    def test_refuses_a_price_that_a_buyer_keys_in(self, place):
        line = {"sku": "BOLT", "quantity": 3, "unit_price": {"amount": 1, "currency": "GBP"}}

        assert place(line_items=[line]).status_code == 403

    def test_needs_no_payment_for_a_free_order(self, place, payments):
        order = place(line_items=[{"sku": "FREE", "quantity": 1}], payment=None).json

        assert (order["status"], order["payment_id"], order["total"]["amount"]) == ("confirmed", None, 0)
        assert payments.charges == 0

    def test_refuses_a_payment_of_a_free_order(self, place):
        response = place(line_items=[{"sku": "FREE", "quantity": 1}])

        assert response.status_code == 422
        assert errors_of(response)[0][0] == "/payment"

    def test_refuses_an_order_that_costs_something_without_a_payment(self, place):
        response = place(payment=None)

        assert response.status_code == 422
        assert errors_of(response)[0][0] == "/payment"
        assert Order.objects.count() == 0

    def test_names_every_line_that_cannot_be_ordered(self, place, products):
        products.add("OLD", is_active=False)
        lines = [{"sku": sku, "quantity": 1} for sku in ("GHOST", "BOLT", "OLD")]

        response = place(line_items=lines)

        assert response.status_code == 422
        assert [pointer for pointer, _ in errors_of(response)] == ["/line_items/0/sku", "/line_items/2/sku"]

    def test_refuses_mixed_currencies(self, place, products):
        products.add("EURO", currency="EUR")

        response = place(line_items=[{"sku": "BOLT", "quantity": 1}, {"sku": "EURO", "quantity": 1}])

        assert response.status_code == 422
        assert errors_of(response)[0][0] == "/line_items/1/sku"

    def test_names_the_shortages_and_reserves_nothing(self, place, products, payments):
        products.add("RARE", on_hand=1)

        response = place(line_items=[{"sku": "RARE", "quantity": 2}, {"sku": "BOLT", "quantity": 1}])

        assert response.status_code == 409
        assert response.json["type"] == "/problems/out-of-stock"
        assert response.json["shortages"] == [{"sku": "RARE", "requested": 2, "available": 1}]
        assert products.held == {}
        assert payments.charges == 0

    def test_refuses_a_declined_card_and_releases_the_order(self, place, buyer):
        response = place(payment={"method": "card", "token": "tok_declined"})

        assert response.status_code == 402
        assert response.json["type"] == "/problems/payment-declined"
        order = Order.get(response.json["order_id"])
        assert (order.status, order.status_reason) == ("refused", "payment_declined")
        assert announced(order) == ["order_cancelled"]
        assert buyer.get(f"/v1/orders/{order.id}").json["status"] == "refused"

    @pytest.mark.parametrize(
        ("code", "reason", "words"),
        [
            ("insufficient_funds", "insufficient_funds", "not enough money"),
            ("expired_card", "expired_card", "has expired"),
            ("incorrect_cvc", "incorrect_details", "was not right"),
            ("processing_error", "try_again", "Try again"),
            ("stolen_card", "card_declined", "gives no reason"),
            ("a_new_code", "card_declined", "gives no reason"),
        ],
    )
    def test_says_why_a_card_was_declined_as_far_as_a_buyer_may_know(self, place, payments, code, reason, words):
        payments.decline_code = code
        key = {"Idempotency-Key": "one-try-of-a-card-1"}

        first = place(payment={"method": "card", "token": "tok_declined"}, headers=key)
        again = place(payment={"method": "card", "token": "tok_declined"}, headers=key)

        for response in (first, again):
            assert response.status_code == 402
            assert response.json["decline_reason"] == reason
            assert words in response.json["detail"]
            assert code == reason or code not in response.text

    def test_is_for_companies(self, place, app, api):
        client = api(app, role="buyer", company_id=None)

        assert place(client=client).status_code == 403

    def test_wants_a_key(self, place):
        assert place(headers={"Idempotency-Key": ""}).status_code == 400

    def test_numbers_orders_upwards(self, place):
        assert place().json["number"] < place().json["number"]

    def test_refuses_operators_where_strings_belong(self, place):
        assert place(reference={"$ne": ""}).status_code == 422


class TestReference:
    def test_returns_the_order_that_has_it(self, place, products):
        first = place(reference="PO-7")
        repeat = place(reference="PO-7", line_items=[{"sku": "NUT", "quantity": 1}])

        assert (first.status_code, repeat.status_code) == (201, 200)
        assert repeat.json == first.json
        assert Order.objects.count() == 1

    def test_is_free_again_once_refused(self, place):
        refused = place(reference="PO-7", payment={"method": "card", "token": "tok_declined"})
        placed = place(reference="PO-7")

        assert (refused.status_code, placed.status_code) == (402, 201)

    def test_is_free_again_once_cancelled(self, place, buyer):
        first = place(reference="PO-7").json
        buyer.post(f"/v1/orders/{first['id']}/cancellation", json={"reason": "typo"})

        assert place(reference="PO-7").status_code == 201

    def test_belongs_to_one_company(self, place, app, api):
        place(reference="PO-7")

        assert place(client=api(app, company_id=GLOBEX), reference="PO-7").status_code == 201


class TestWithoutACardProcessor:
    """PSP_BACKEND=none: nothing is recorded for a card, and what costs nothing is placed as ever."""

    @pytest.fixture
    def cardless(self, make_app, products, payments, users, api):
        clients = Clients(products=products, payments=payments, users=users)
        return api(make_app("orders", clients=clients, psp_backend="none"))

    def test_refuses_a_card_before_anything_is_held(self, cardless, products):
        payment = {"method": "card", "token": "tok_ok"}
        response = cardless.post(
            "/v1/orders", json={"line_items": [{"sku": "BOLT", "quantity": 1}], "payment": payment}
        )

        assert response.status_code == 409
        assert response.json["type"] == "/problems/cards-not-accepted"
        assert response.json["title"] == "Card payments are not configured"
        assert products.held == {}
        assert Order.objects.count() == 0

    def test_places_what_costs_nothing(self, cardless):
        response = cardless.post("/v1/orders", json={"line_items": [{"sku": "FREE", "quantity": 1}]})

        assert (response.status_code, response.json["status"]) == (201, "confirmed")
