"""Refused captures and refunds: the order repeats nothing, shows why, and a person settles it."""

from __future__ import annotations

import pytest

from services.orders import handlers
from services.orders.fulfillment.rules import LineToShip
from services.orders.orders.documents import Order
from shared.events.catalog.payments import (
    PaymentCaptured,
    PaymentCaptureFailed,
    PaymentRefunded,
    PaymentRefundFailed,
)
from tests.factories.orders import announced, make_order, make_shipped_order
from tests.support import GLOBEX


def gbp(amount):
    return {"amount": amount, "currency": "GBP"}


@pytest.fixture(autouse=True)
def _inside_the_service(app):
    with app.app_context():
        yield


def about(order):
    return {"payment_id": "pay_1", "order_id": order.id, "currency": "GBP"}


def refuse_capture(order, shipment_id=None, reason="charge_not_capturable"):
    shipment = next(each for each in order.shipments if each.id == (shipment_id or order.shipments[0].id))
    event = PaymentCaptureFailed(
        **about(order), company_id=order.company_id, shipment_id=shipment.id, amount=shipment.amount, reason=reason
    )
    handlers.note_failed_capture(event)


def refuse_refund(order, return_id, *, refund_id="txn_1", amount=1000, reason="exceeds_authorization"):
    event = PaymentRefundFailed(
        **about(order),
        company_id=order.company_id,
        refund_id=refund_id,
        return_id=return_id,
        amount=amount,
        reason=reason,
    )
    handlers.note_failed_refund(event)


def give_back(staff, order, quantity=4):
    body = {"line_items": [{"line_id": "1", "quantity": quantity}]}
    return staff.post(f"/v1/orders/{order.id}/returns", json=body)


def shown(client, order):
    return client.get(f"/v1/orders/{order.id}").json


def settle(client, order, **body):
    return client.post(f"/v1/orders/{order.id}/settlement", json=body or {"note": "paid by bank transfer"})


class TestRefusedRefund:
    @pytest.fixture
    def order(self, staff):
        order = make_shipped_order()
        give_back(staff, order)
        return order.reload()

    def test_is_shown_by_its_return_and_by_the_order(self, staff, order):
        return_id = order.returns[0].id
        refuse_refund(order, return_id)

        view = shown(staff, order)

        assert view["returns"][0]["failure"] == "exceeds_authorization"
        [failure] = view["failures"]
        assert (failure["kind"], failure["subject_id"], failure["total"]) == ("refund", return_id, gbp(1000))
        assert (failure["reason"], failure["is_settled"]) == ("exceeds_authorization", False)
        assert "settle" in view["allowed_actions"]
        assert view["refunded_total"] == gbp(0)

    def test_is_asked_for_no_more(self, order, sweep):
        refuse_refund(order, order.returns[0].id)

        for _ in range(3):
            sweep(after=600)

        assert announced(order).count("order_returned") == 1
        assert order.reload().next_sweep_at is None

    def test_counts_once(self, staff, order):
        for _ in range(3):
            refuse_refund(order, order.returns[0].id)

        assert len(shown(staff, order)["failures"]) == 1

    def test_is_overtaken_by_a_refund(self, staff, order):
        return_id = order.returns[0].id
        refunded = PaymentRefunded(
            **about(order), company_id=order.company_id, refund_id="txn_1", return_id=return_id, amount=1000
        )
        refuse_refund(order, return_id)
        handlers.count_refund_towards_order(refunded)
        refuse_refund(order, return_id)

        view = shown(staff, order)
        assert (view["failures"], view["refunded_total"]) == ([], gbp(1000))
        assert "settle" not in view["allowed_actions"]

    def test_without_a_return_is_shown_by_the_order(self, staff, order):
        refuse_refund(order, None, refund_id="txn_9", amount=300, reason="card_closed")

        [failure] = shown(staff, order)["failures"]
        assert (failure["subject_id"], failure["total"], failure["reason"]) == ("txn_9", gbp(300), "card_closed")

    def test_beside_a_pending_one_leaves_that_asking(self, staff, order, sweep):
        give_back(staff, order, 1)
        refuse_refund(order, order.returns[0].id)

        sweep(after=61)

        assert announced(order).count("order_returned") == 3
        assert Order.get(order.id).outbox[-1]["fields"]["return_id"] == Order.get(order.id).returns[1].id


class TestRefusedCapture:
    def test_is_shown_by_its_shipment_and_asked_for_no_more(self, staff, sweep):
        order = make_shipped_order(is_captured=False)
        refuse_capture(order)

        for _ in range(3):
            sweep(after=600)

        view = shown(staff, order)
        assert view["shipments"][0]["failure"] == "charge_not_capturable"
        assert (view["failures"][0]["kind"], view["failures"][0]["total"]) == ("capture", gbp(2500))
        assert view["captured_total"] == gbp(0)
        assert announced(order) == ["order_shipped"]

    def test_lets_the_goods_come_back_without_a_refund(self, staff):
        order = make_shipped_order(is_captured=False)
        assert give_back(staff, order).status_code == 409
        refuse_capture(order)

        returned = give_back(staff, order)

        assert returned.status_code == 201
        assert returned.json["returns"][0]["total"] == gbp(0)

    def test_lets_the_rest_be_shipped(self, staff):
        order = make_order()
        body = {"line_items": [{"line_id": "1", "quantity": 4}]}
        staff.post(f"/v1/orders/{order.id}/shipments", json=body)
        refuse_capture(order.reload())

        assert staff.post(f"/v1/orders/{order.id}/shipments", json={}).json["status"] == "shipped"

    def test_is_overtaken_by_a_capture(self, staff):
        order = make_shipped_order(is_captured=False)
        refuse_capture(order)
        event = PaymentCaptured(**about(order), shipment_id=order.shipments[0].id, amount=2500)
        handlers.count_capture_towards_order(event)

        assert shown(staff, order)["failures"] == []

    def test_of_an_unknown_shipment_changes_nothing(self, staff):
        order = make_shipped_order()
        event = PaymentCaptureFailed(
            **about(order), company_id=order.company_id, shipment_id="shp_none", amount=1, reason="x"
        )
        handlers.note_failed_capture(event)

        assert shown(staff, order)["failures"] == []


class TestSettlement:
    @pytest.fixture
    def order(self):
        order = make_shipped_order(is_captured=False)
        refuse_capture(order)
        return order

    def test_notes_how_a_person_dealt_with_it(self, staff, order, sweep):
        view = settle(staff, order).json

        assert view["failures"][0]["is_settled"] is True
        assert view["settlement_note"] == "paid by bank transfer"
        assert view["shipments"][0]["failure"] == "charge_not_capturable"
        assert "settle" not in view["allowed_actions"]
        assert shown(staff, order) == view
        sweep(after=600)
        assert announced(order) == ["order_shipped"]

    def test_happens_once(self, staff, order):
        settle(staff, order)

        assert settle(staff, order).status_code == 409

    @pytest.mark.parametrize("status", ["placed", "confirmed", "shipped", "cancelled", "partially_cancelled"])
    def test_of_nothing_is_refused(self, staff, status):
        response = settle(staff, make_order(status=status))

        assert (response.status_code, response.json["type"]) == (409, "/problems/action-not-allowed")

    def test_is_for_staff(self, buyer, order):
        assert settle(buyer, order).status_code == 403

    @pytest.mark.parametrize("body", [{"note": ""}, {"note": 1}, {"note": "x", "amount": 1}])
    def test_wants_a_note(self, staff, order, body):
        assert settle(staff, order, **body).status_code == 422

    def test_leaves_a_later_failure_open(self, staff, order):
        settle(staff, order)
        refuse_refund(order, None, refund_id="txn_9")

        view = shown(staff, order)
        assert [each["is_settled"] for each in view["failures"]] == [True, False]
        assert "settle" in view["allowed_actions"]


class TestBuyer:
    def test_reads_neither_the_reasons_nor_the_note(self, staff, buyer, rep):
        order = make_shipped_order()
        give_back(staff, order)
        order.reload()
        refuse_refund(order, order.returns[0].id, reason="card_lost_or_stolen")
        refuse_capture(order, reason="charge_expired_for_dispute")
        settle(staff, order, note="Called: they are insolvent")

        for client in (buyer, rep):
            for view in (shown(client, order), client.get("/v1/orders").json["items"][0]):
                assert view["settlement_note"] is None
                assert [each["reason"] for each in view["failures"]] == ["refused"] * len(view["failures"])
                assert view["returns"][0]["failure"] == "refused"
        view = shown(staff, order)
        assert view["settlement_note"] == "Called: they are insolvent"
        assert view["returns"][0]["failure"] == "card_lost_or_stolen"

    def test_reads_neither_in_the_answer_to_a_cancellation(self, staff, buyer):
        order = make_order()
        staff.post(f"/v1/orders/{order.id}/shipments", json={"line_items": [{"line_id": "1", "quantity": 4}]})
        refuse_capture(order.reload())
        settle(staff, order)

        view = buyer.post(f"/v1/orders/{order.id}/remainder-cancellation", json={"reason": "no need"}).json

        assert (view["settlement_note"], view["failures"][0]["reason"]) == (None, "refused")


class TestList:
    def test_finds_what_needs_a_person(self, staff, buyer):
        make_shipped_order()
        order, foreign = (make_shipped_order(is_captured=False, company_id=each) for each in ("cmp_acme", GLOBEX))
        for each in (order, foreign):
            refuse_capture(each)

        def found(client):
            return {each["id"] for each in client.get("/v1/orders?needs_attention=true").json["items"]}

        assert found(staff) == {order.id, foreign.id}
        assert found(buyer) == {order.id}
        settle(staff, order)
        assert found(buyer) == set()


def test_a_part_that_was_captured_is_refunded_beside_a_refused_one(staff):
    order = make_order()
    for line in (LineToShip("1", 4), LineToShip("1", 6)):
        body = {"line_items": [{"line_id": line.line_id, "quantity": line.quantity}]}
        staff.post(f"/v1/orders/{order.id}/shipments", json=body)
    order.reload()
    handlers.count_capture_towards_order(
        PaymentCaptured(**about(order), shipment_id=order.shipments[0].id, amount=1000)
    )
    refuse_capture(order, order.shipments[1].id)

    returned = give_back(staff, order, 10)

    assert returned.json["returns"][0]["total"] == gbp(1000)
