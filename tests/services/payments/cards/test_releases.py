"""A cancelled remainder releases its share of the authorisation, once, before or after the captures."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from services.payments.payments.documents import Payment
from shared.base.clock import now


def outline(payment_id: str) -> list[tuple[str, str, int]]:
    """Kind, status and amount of every transaction after the authorisation."""
    transactions = Payment.get(payment_id).transactions[1:]
    return [(str(each.kind), str(each.status), each.amount) for each in transactions]


def released_at(orders_side, order_id: str = "ord_1") -> list[int]:
    """The amounts that the processor released of the order's charge."""
    (charge,) = orders_side.sandbox.charges_of(order_id)
    movements = orders_side.sandbox.call("GET", f"/charges/{charge['id']}")[1]["movements"]
    return [each["amount"] for each in movements if each["kind"] == "release"]


class TestRelease:
    def test_releases_the_share_once(self, orders_side, buyer):
        payment_id = orders_side.authorized(amount=1000)
        orders_side.ship(payment_id, 400)
        orders_side.run_jobs()

        for _ in range(3):
            orders_side.cancel_remainder(payment_id, 600)
            orders_side.run_jobs()

        assert outline(payment_id) == [("capture", "succeeded", 400), ("release", "succeeded", 600)]
        assert released_at(orders_side) == [600]
        payment = buyer.get(f"/v1/payments/{payment_id}").json
        assert (payment["status"], payment["captured_total"]["amount"]) == ("captured", 400)
        assert [each["kind"] for each in payment["transactions"]] == ["authorization", "capture", "release"]

    @pytest.mark.parametrize("order", list(itertools.permutations(["ship_1", "ship_2", "release"])))
    def test_has_one_result_in_any_order(self, orders_side, order):
        payment_id = orders_side.authorized(amount=1000)
        steps = {
            "ship_1": lambda: orders_side.ship(payment_id, 400, shipment_id="shp_1"),
            "ship_2": lambda: orders_side.ship(payment_id, 100, shipment_id="shp_2"),
            "release": lambda: orders_side.cancel_remainder(payment_id, 500),
        }
        for step in order:
            steps[step]()
            orders_side.run_jobs()

        assert Payment.get(payment_id).status == "captured"
        assert orders_side.moved()["captured_amount"] == 500
        assert released_at(orders_side) == [500]

    def test_keeps_refunds_right(self, orders_side, admin):
        payment_id = orders_side.authorized(amount=1000)
        orders_side.ship(payment_id, 400)
        orders_side.cancel_remainder(payment_id, 600)
        orders_side.run_jobs()
        orders_side.give_back(payment_id, 100)
        orders_side.run_jobs()

        refund = {"amount": {"amount": 301, "currency": "GBP"}}
        too_much = admin.post(f"/v1/payments/{payment_id}/refunds", json=refund)
        rest = admin.post(f"/v1/payments/{payment_id}/refunds", json={"amount": {"amount": 300, "currency": "GBP"}})

        assert (too_much.status_code, rest.status_code) == (422, 201)
        assert Payment.get(payment_id).status == "refunded"

    def test_of_more_than_is_left_fails_without_a_call(self, orders_side):
        payment_id = orders_side.authorized(amount=1000)
        orders_side.ship(payment_id, 400)
        orders_side.cancel_remainder(payment_id, 601)
        orders_side.run_jobs()

        assert outline(payment_id) == [("capture", "succeeded", 400), ("release", "failed", 601)]
        assert released_at(orders_side) == []

    def test_leaves_nothing_for_a_later_capture(self, orders_side):
        payment_id = orders_side.authorized(amount=1000)
        orders_side.cancel_remainder(payment_id, 600)
        orders_side.ship(payment_id, 401)
        orders_side.run_jobs()

        assert outline(payment_id) == [("release", "succeeded", 600), ("capture", "failed", 401)]

    def test_of_everything_voids_the_payment(self, orders_side):
        payment_id = orders_side.authorized(amount=1000)
        orders_side.cancel_remainder(payment_id, 1000)
        orders_side.run_jobs()

        assert Payment.get(payment_id).status == "voided"

    @pytest.mark.parametrize("amount", [0, -1])
    def test_of_nothing_records_nothing(self, orders_side, amount):
        payment_id = orders_side.authorized()
        orders_side.cancel_remainder(payment_id, amount)
        orders_side.cancel_remainder(None, 100)

        assert outline(payment_id) == []

    def test_releases_once_when_the_answer_is_lost(self, orders_side, sandbox, hold_clock):
        payment_id = orders_side.authorized(amount=1000)
        sandbox.arm("release", "drop_after_commit", times=2)
        orders_side.cancel_remainder(payment_id, 600)
        orders_side.run_jobs()
        unanswered = outline(payment_id)

        hold_clock(now() + timedelta(minutes=2))
        orders_side.sweep()

        assert unanswered == [("release", "pending", 600)]
        assert outline(payment_id) == [("release", "succeeded", 600)]
        assert released_at(orders_side) == [600]

    def test_is_recorded_by_webhook_when_the_answer_is_lost(self, orders_side, sandbox, receiver, webhooks):
        payment_id = orders_side.authorized(amount=1000)
        receiver.wait_for(1)
        sandbox.arm("release", "drop_after_commit", times=2)
        orders_side.cancel_remainder(payment_id, 600)
        orders_side.run_jobs()

        receiver.wait_for(2)
        assert [webhooks(each).status_code for each in receiver.received] == [204, 204]

        assert outline(payment_id) == [("release", "succeeded", 600)]
