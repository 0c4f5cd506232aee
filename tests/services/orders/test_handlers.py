"""Events of payments: each counts once, however often and in whatever order it is delivered."""

from __future__ import annotations

import pytest

from services.orders import handlers
from services.orders.orders.documents import Order
from shared.events.catalog.payments import PaymentAuthorized, PaymentCaptured, PaymentDeclined, PaymentRefunded
from tests.factories.orders import announced, make_line, make_order, make_shipped_order


@pytest.fixture(autouse=True)
def _inside_the_service(app):
    with app.app_context():
        yield


def authorized(order):
    handlers.confirm_paid_order(PaymentAuthorized(payment_id="pay_1", order_id=order.id, currency="GBP", amount=2500))


def declined(order):
    handlers.refuse_unpaid_order(PaymentDeclined(payment_id="pay_1", order_id=order.id, reason="expired"))


def captured(order, shipment_id):
    handlers.count_capture_towards_order(
        PaymentCaptured(
            payment_id="pay_1", order_id=order.id, shipment_id=shipment_id, currency="GBP", amount=order.total_amount
        )
    )


def refunded(order, refund_id, amount, return_id=None):
    handlers.count_refund_towards_order(
        PaymentRefunded(
            payment_id="pay_1",
            order_id=order.id,
            company_id=order.company_id,
            refund_id=refund_id,
            return_id=return_id,
            currency="GBP",
            amount=amount,
        )
    )


def shown(client, order):
    return client.get(f"/v1/orders/{order.id}").json


class TestLateAnswers:
    def test_an_authorisation_confirms_the_order_once(self):
        order = make_order(status="pending_payment", payment_id=None)
        authorized(order)
        authorized(order)

        assert (order.reload().status, order.payment_id) == ("confirmed", "pay_1")
        assert announced(order) == ["order_confirmed"]

    def test_a_decline_refuses_it_once(self):
        order = make_order(status="pending_payment", reference_key="PO-7", cart_key="cart_1:1")
        declined(order)
        declined(order)

        assert (order.reload().status, order.status_reason) == ("refused", "payment_declined")
        assert (order.reference_key, order.cart_key) == (None, None)
        assert announced(order) == ["order_cancelled"]

    @pytest.mark.parametrize("status", ["confirmed", "shipped", "cancelled"])
    def test_a_decline_changes_nothing_that_is_decided(self, status):
        order = make_order(status=status)
        declined(order)

        assert order.reload().status == status

    @pytest.mark.parametrize("status", ["cancelled", "refused"])
    def test_an_authorisation_of_a_withdrawn_order_is_voided_once(self, status, sweep):
        order = make_order(status=status, status_reason="typo", payment_id=None)
        authorized(order)
        authorized(order)

        assert order.reload().status == status
        assert announced(order) == ["order_cancelled"]
        assert Order.get(order.id).outbox[0]["fields"]["payment_id"] == "pay_1"

        sweep(after=61)
        assert announced(order) == ["order_cancelled"] * 2

    def test_an_authorisation_does_not_overtake_the_stock(self):
        order = make_order(status="placed", payment_id=None)
        authorized(order)

        assert order.reload().status == "placed"


class TestMoney:
    def test_a_capture_counts_once_for_its_shipment_and_lines(self, buyer):
        order = make_shipped_order(is_captured=False, line_items=[make_line(1), make_line(2, quantity=1)])
        captured(order, order.shipments[0].id)
        captured(order, order.shipments[0].id)

        view = shown(buyer, order)
        assert view["captured_total"]["amount"] == 2750
        assert view["shipments"][0]["captured_total"]["amount"] == 2750
        assert [line["captured_total"]["amount"] for line in view["line_items"]] == [2500, 250]
        assert order.reload().next_sweep_at is None

    def test_a_capture_of_an_unknown_shipment_changes_nothing(self, buyer):
        order = make_order()
        captured(order, "shp_none")

        assert shown(buyer, order)["captured_total"]["amount"] == 0

    def test_a_refund_counts_once_for_its_return(self, buyer, staff):
        order = make_shipped_order()
        body = {"line_items": [{"line_id": "1", "quantity": 4}]}
        return_id = staff.post(f"/v1/orders/{order.id}/returns", json=body).json["returns"][0]["id"]
        refunded(order, "txn_1", 1000, return_id)
        refunded(order, "txn_1", 1000, return_id)

        view = shown(buyer, order)
        assert view["refunded_total"]["amount"] == 1000
        assert view["returns"][0]["refunded_total"]["amount"] == 1000
        assert view["line_items"][0]["refunded_total"]["amount"] == 1000

    def test_a_merchants_refund_counts_once_for_the_order(self, buyer):
        order = make_shipped_order()
        for refund_id in ("txn_1", "txn_1", "txn_2"):
            refunded(order, refund_id, 300)

        view = shown(buyer, order)
        assert view["refunded_total"]["amount"] == 600
        assert view["line_items"][0]["refunded_total"]["amount"] == 0


class TestRepeatedEvents:
    def test_a_shipment_that_is_not_captured_is_published_again_and_again(self, sweep):
        order = make_shipped_order(is_captured=False)
        sweep(after=59)
        assert announced(order) == ["order_shipped"]

        sweep(after=2)
        assert announced(order) == ["order_shipped"] * 2
        first, second = Order.get(order.id).outbox
        assert first["fields"] == second["fields"]
        assert first["id"] != second["id"]

        sweep(after=5)
        assert announced(order) == ["order_shipped"] * 2

        sweep(after=26)
        assert announced(order) == ["order_shipped"] * 3

    def test_a_return_that_is_not_refunded_is_published_again(self, staff, sweep):
        order = make_shipped_order()
        staff.post(f"/v1/orders/{order.id}/returns", json={"line_items": [{"line_id": "1", "quantity": 1}]})

        sweep(after=61)

        assert announced(order) == ["order_shipped", "order_returned", "order_returned"]

    def test_the_end_of_an_order_is_published_once_more(self, place, buyer, sweep):
        cancelled = place().json["id"]
        buyer.post(f"/v1/orders/{cancelled}/cancellation", json={"reason": "typo"})
        declined = place(payment={"method": "card", "token": "tok_declined"}).json["order_id"]
        sweep(after=59)
        assert [announced(Order.get(each))[-1:] for each in (cancelled, declined)] == [["order_cancelled"]] * 2

        for _ in range(3):
            sweep(after=600)

        assert announced(Order.get(cancelled)) == ["order_confirmed", "order_cancelled", "order_cancelled"]
        assert announced(Order.get(declined)) == ["order_cancelled"] * 2

    def test_what_is_settled_is_left_alone(self, staff, sweep):
        order = make_shipped_order()
        body = {"line_items": [{"line_id": "1", "quantity": 1}]}
        return_id = staff.post(f"/v1/orders/{order.id}/returns", json=body).json["returns"][0]["id"]
        refunded(order, "txn_1", 250, return_id)

        sweep(after=600)

        assert announced(order) == ["order_shipped", "order_returned"]
