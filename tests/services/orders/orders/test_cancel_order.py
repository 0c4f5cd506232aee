"""POST /v1/orders/{id}/cancellation: until something is shipped."""

from __future__ import annotations

import pytest

from services.orders.orders.documents import Order
from shared.data.encrypted_events import from_outbox
from tests.factories.orders import announced, make_order, make_shipped_order
from tests.support import GLOBEX


def cancel(client, order):
    return client.post(f"/v1/orders/{order.id}/cancellation", json={"reason": "duplicate"})


class TestCancelOrder:
    @pytest.mark.parametrize("status", ["placed", "pending_payment", "confirmed"])
    def test_cancels_and_publishes_it(self, buyer, status):
        order = make_order(status=status)

        response = cancel(buyer, order)

        assert response.status_code == 200
        assert (response.json["status"], response.json["status_reason"]) == ("cancelled", "duplicate")
        assert announced(order) == ["order_cancelled"]
        event = from_outbox("orders", Order.get(order.id).outbox[0]).fields
        assert (event["reason"], event["was_refused"], event["payment_id"]) == ("duplicate", False, "pay_1")

    def test_refuses_once_shipped(self, buyer):
        response = cancel(buyer, make_shipped_order())

        assert response.status_code == 409
        assert response.json["type"] == "/problems/order-not-cancellable"

    def test_refuses_a_second_time(self, buyer):
        order = make_order()
        cancel(buyer, order)

        assert cancel(buyer, order).status_code == 409

    def test_lets_staff_cancel_any_companys(self, staff):
        assert cancel(staff, make_order(company_id=GLOBEX)).status_code == 200

    def test_hides_another_companys_order(self, buyer):
        foreign = cancel(buyer, make_order(company_id=GLOBEX))
        missing = buyer.post("/v1/orders/ord_none/cancellation", json={"reason": "duplicate"})

        assert (foreign.status_code, missing.status_code) == (404, 404)
        assert foreign.json["type"] == missing.json["type"]

    def test_cancels_an_undecided_order(self, place, buyer, payments, sweep):
        place(payment={"method": "card", "token": "tok_slow"})
        order = Order.objects.get()
        cancel(buyer, order)
        payments.payments[order.id]["status"] = "authorized"

        sweep(after=3600)

        assert order.reload().status == "cancelled"
        assert payments.charges == 1
