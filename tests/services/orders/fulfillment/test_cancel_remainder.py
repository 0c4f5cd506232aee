"""POST /v1/orders/{id}/remainder-cancellation: what is left of a partly shipped order ends, what was shipped stays."""

from __future__ import annotations

import pytest

from services.orders.fulfillment.documents import record_capture
from services.orders.orders.documents import Order
from shared.data.encrypted_events import from_outbox
from tests.factories.orders import announced, make_line, make_order, make_shipped_order
from tests.support import GLOBEX


def gbp(amount):
    return {"amount": amount, "currency": "GBP"}


@pytest.fixture
def partly_shipped(staff):
    """Return an order of ten bolts and three nuts for 1.00 in all, of which four bolts and a nut were shipped."""

    def make(*, is_captured=True, **changes):
        lines = [make_line(1, sku="A"), make_line(2, sku="B", quantity=3, total_amount=100)]
        order = make_order(line_items=lines, **changes)
        body = {"line_items": [{"line_id": "1", "quantity": 4}, {"line_id": "2", "quantity": 1}]}
        assert staff.post(f"/v1/orders/{order.id}/shipments", json=body).status_code == 201
        order.reload()
        if is_captured:
            record_capture(order, order.shipments[0].id, order.shipments[0].amount)
            order.commit()
        return order

    return make


def end_rest(client, order, reason="out of production"):
    return client.post(f"/v1/orders/{order.id}/remainder-cancellation", json={"reason": reason})


class TestCancelRemainder:
    def test_ends_what_is_left_and_publishes_it(self, buyer, partly_shipped):
        order = partly_shipped()

        response = end_rest(buyer, order)

        assert response.status_code == 200
        view = response.json
        assert (view["status"], view["status_reason"]) == ("partially_cancelled", "out of production")
        assert [line["cancelled_quantity"] for line in view["line_items"]] == [6, 2]
        assert [line["shipped_quantity"] for line in view["line_items"]] == [4, 1]
        assert (view["total"], view["cancelled_total"], view["captured_total"]) == (gbp(2600), gbp(1567), gbp(1033))
        assert view["allowed_actions"] == ["return"]
        assert buyer.get(f"/v1/orders/{order.id}").json == view
        assert announced(order) == ["order_shipped", "order_remainder_cancelled"]
        event = from_outbox("orders", Order.get(order.id).outbox[-1]).fields
        assert (event["amount"], event["payment_id"], event["reason"]) == (1567, "pay_1", "out of production")
        assert event["quantities"] == [
            {"sku": "A", "quantity": 6, "name": "Bolt"},
            {"sku": "B", "quantity": 2, "name": "Bolt"},
        ]

    def test_names_each_sku_once(self, staff, buyer):
        order = make_order(line_items=[make_line(1, sku="A"), make_line(2, sku="A")])
        staff.post(f"/v1/orders/{order.id}/shipments", json={"line_items": [{"line_id": "1", "quantity": 1}]})

        end_rest(buyer, order)

        event = from_outbox("orders", Order.get(order.id).outbox[-1]).fields
        assert event["quantities"] == [{"sku": "A", "quantity": 19, "name": "Bolt"}]

    @pytest.mark.parametrize("status", ["placed", "pending_payment", "confirmed", "cancelled", "refused"])
    def test_refuses_an_order_that_is_not_partly_shipped(self, buyer, status):
        response = end_rest(buyer, make_order(status=status))

        assert response.status_code == 409
        assert response.json["type"] == "/problems/order-not-cancellable"

    def test_refuses_once_everything_is_shipped(self, buyer):
        assert end_rest(buyer, make_shipped_order()).status_code == 409

    def test_refuses_a_second_time(self, buyer, partly_shipped):
        order = partly_shipped()
        end_rest(buyer, order)

        assert end_rest(buyer, order).status_code == 409
        assert announced(order).count("order_remainder_cancelled") == 1

    def test_nothing_can_be_shipped_or_cancelled_afterwards(self, buyer, staff, partly_shipped):
        order = partly_shipped()
        end_rest(buyer, order)

        shipment = staff.post(f"/v1/orders/{order.id}/shipments", json={})
        cancellation = buyer.post(f"/v1/orders/{order.id}/cancellation", json={"reason": "all of it"})

        assert (shipment.status_code, cancellation.status_code) == (409, 409)

    def test_what_was_shipped_can_be_returned_and_no_more(self, buyer, staff, partly_shipped):
        order = partly_shipped()
        end_rest(buyer, order)

        def give_back(quantity):
            body = {"line_items": [{"line_id": "1", "quantity": quantity}]}
            return staff.post(f"/v1/orders/{order.id}/returns", json=body)

        returned, too_many = give_back(4), give_back(1)

        assert (returned.status_code, too_many.status_code) == (201, 422)
        assert returned.json["returns"][0]["total"] == gbp(1000)
        assert returned.json["status"] == "partially_cancelled"

    def test_a_line_that_was_never_shipped_cannot_be_returned(self, buyer, staff):
        order = make_order(line_items=[make_line(1, sku="A"), make_line(2, sku="B")])
        body = {"line_items": [{"line_id": "1", "quantity": 1}]}
        assert staff.post(f"/v1/orders/{order.id}/shipments", json=body).status_code == 201
        assert end_rest(buyer, order).status_code == 200

        body = {"line_items": [{"line_id": "2", "quantity": 1}]}
        refused = staff.post(f"/v1/orders/{order.id}/returns", json=body)

        assert refused.status_code == 422
        detail = "Nothing of this line is shipped and not yet returned."
        assert refused.json["errors"] == [{"pointer": "/line_items/0/quantity", "detail": detail}]

    def test_a_return_before_it_stays(self, buyer, staff, partly_shipped):
        order = partly_shipped()
        staff.post(f"/v1/orders/{order.id}/returns", json={"line_items": [{"line_id": "1", "quantity": 4}]})

        view = end_rest(buyer, order).json

        assert view["line_items"][0]["cancelled_quantity"] == 6
        assert view["line_items"][0]["returned_quantity"] == 4

    def test_lets_staff_end_any_companys(self, staff, partly_shipped):
        assert end_rest(staff, partly_shipped(company_id=GLOBEX)).status_code == 200

    def test_hides_another_companys_order(self, buyer, partly_shipped):
        foreign = end_rest(buyer, partly_shipped(company_id=GLOBEX))
        missing = buyer.post("/v1/orders/ord_none/remainder-cancellation", json={"reason": "x"})

        assert (foreign.status_code, missing.status_code) == (404, 404)

    @pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "x", "line_items": []}, {"reason": {"$ne": ""}}])
    def test_wants_a_reason_and_nothing_else(self, buyer, partly_shipped, body):
        order = partly_shipped()

        assert buyer.post(f"/v1/orders/{order.id}/remainder-cancellation", json=body).status_code == 422
        assert order.reload().status == "partially_shipped"


class TestRepetition:
    def test_is_published_once_more(self, buyer, partly_shipped, sweep):
        order = partly_shipped()
        end_rest(buyer, order)
        sweep(after=59)
        assert announced(order).count("order_remainder_cancelled") == 1

        for _ in range(3):
            sweep(after=600)

        assert announced(order).count("order_remainder_cancelled") == 2
        assert order.reload().next_sweep_at is None

    def test_is_published_once_more_beside_a_pending_capture(self, buyer, partly_shipped, sweep):
        order = partly_shipped(is_captured=False)
        end_rest(buyer, order)

        for _ in range(3):
            sweep(after=600)

        assert announced(order).count("order_remainder_cancelled") == 2
        assert announced(order).count("order_shipped") == 4
        assert order.reload().next_sweep_at is not None


class TestShownOfOthers:
    @pytest.mark.parametrize(("status", "units", "amount"), [("confirmed", 0, 0), ("cancelled", 10, 2500)])
    def test_only_what_ended_is_cancelled(self, buyer, status, units, amount):
        view = buyer.get(f"/v1/orders/{make_order(status=status).id}").json

        assert (view["line_items"][0]["cancelled_quantity"], view["cancelled_total"]) == (units, gbp(amount))
