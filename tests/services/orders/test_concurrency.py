"""Many requests at one moment: one order, one reservation, one shipment."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from services.orders.orders.documents import Order
from tests.factories.orders import make_order
from tests.support import Api


def at_once(count, send):
    """Call `send(n)` in so many threads at one moment and return what they answered."""
    barrier = Barrier(count)

    def run(number):
        barrier.wait()
        return send(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


BODY = {"line_items": [{"sku": "BOLT", "quantity": 1}], "payment": {"method": "card", "token": "tok_ok"}}


class TestManyAtOnce:
    def test_fifty_requests_of_one_key_make_one_order(self, app, tokens, payments, products):
        key = {"Idempotency-Key": "one"}

        answers = at_once(50, lambda _: Api(app, tokens).post("/v1/orders", json=BODY, headers=key))

        assert {answer.status_code for answer in answers} <= {201, 409}
        assert len({answer.json["id"] for answer in answers if answer.status_code == 201}) == 1
        assert (Order.objects.count(), payments.charges, len(products.held)) == (1, 1, 1)

    def test_twenty_requests_of_one_reference_make_one_order(self, app, tokens, payments):
        body = {**BODY, "reference": "PO-7"}

        answers = at_once(20, lambda _: Api(app, tokens).post("/v1/orders", json=body))

        assert {answer.status_code for answer in answers} <= {200, 201}
        assert [answer.status_code for answer in answers].count(201) == 1
        assert len({answer.json["id"] for answer in answers}) == 1
        assert (Order.objects.count(), payments.charges) == (1, 1)

    def test_one_cart_becomes_one_order(self, app, tokens, buyer, payments):
        buyer.put("/v1/cart", json={"line_items": BODY["line_items"]})
        body = {"payment": BODY["payment"]}

        payments.faults.delays["authorize"] = 0.05

        def send(number):
            time.sleep(number / 100)  # before, while and after the first of them empties the cart
            return Api(app, tokens).post("/v1/orders", json=body)

        answers = at_once(20, send)

        assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
        assert len({answer.json["id"] for answer in answers}) == 1
        assert (Order.objects.count(), payments.charges) == (1, 1)
        assert buyer.get("/v1/cart").json["line_items"] == []

    def test_sells_each_unit_once(self, app, tokens, products):
        products.on_hand["BOLT"] = 5

        answers = at_once(12, lambda _: Api(app, tokens).post("/v1/orders", json=BODY))

        assert sorted(answer.status_code for answer in answers) == [201] * 5 + [409] * 7
        assert products.available("BOLT") == 0

    def test_ships_the_same_rest_once(self, app, tokens):
        order = make_order()
        body = {"line_items": [{"line_id": "1", "quantity": 10}]}

        answers = at_once(
            8,
            lambda _: Api(app, tokens, role="merchant_admin").post(f"/v1/orders/{order.id}/shipments", json=body),
        )

        assert [answer.status_code for answer in answers].count(201) == 1
        assert {answer.status_code for answer in answers} <= {201, 409}
        assert len(order.reload().shipments) == 1

    def test_adds_every_item_of_many_tabs(self, app, tokens, buyer):
        def add(_):
            return Api(app, tokens).post("/v1/cart/items", json={"sku": "BOLT", "quantity": 1})

        answers = at_once(4, add)

        added = [answer.status_code for answer in answers].count(200)
        assert buyer.get("/v1/cart").json["line_items"][0]["quantity"] == added >= 1
