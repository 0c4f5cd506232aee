"""Captures and refunds that events cause: recorded, carried out by a job, retried by the sweeper."""

from __future__ import annotations

import random
from datetime import timedelta

from prometheus_client import REGISTRY

from services.payments.payments.documents import Payment
from shared.base.clock import now
from tests.support import ACME


def outline(payment_id: str) -> list[tuple[str, str, int]]:
    """Kind, status and amount of every transaction after the authorisation."""
    transactions = Payment.get(payment_id).transactions[1:]
    return [(str(each.kind), str(each.status), each.amount) for each in transactions]


def failed(kind: str) -> float:
    labels = {"kind": kind, "outcome": "failed"}
    return REGISTRY.get_sample_value("payment_transactions_total", labels) or 0.0


class TestCapture:
    def test_takes_the_shipments_amount_and_announces_it(self, orders_side, buyer):
        payment_id = orders_side.authorized(amount=1000)
        orders_side.ship(payment_id, 400)
        orders_side.run_jobs()

        payment = buyer.get(f"/v1/payments/{payment_id}").json
        assert payment["status"] == "partially_captured"
        assert payment["captured_total"] == {"amount": 400, "currency": "GBP"}
        assert orders_side.moved()["captured_amount"] == 400
        assert orders_side.events(payment_id) == [
            {
                "name": "payments.payment_captured.v1",
                "payment_id": payment_id,
                "order_id": "ord_1",
                "shipment_id": "shp_1",
                "currency": "GBP",
                "amount": 400,
            }
        ]

    def test_captures_each_shipment_once_however_often_its_event_comes(self, orders_side):
        payment_id = orders_side.authorized(amount=1000)
        for _ in range(2):
            orders_side.ship(payment_id, 400, shipment_id="shp_1")
            orders_side.run_jobs()
            orders_side.ship(payment_id, 600, shipment_id="shp_2")
        orders_side.run_jobs()

        assert outline(payment_id) == [("capture", "succeeded", 400), ("capture", "succeeded", 600)]
        assert Payment.get(payment_id).status == "captured"
        assert orders_side.moved()["captured_amount"] == 1000

    def test_fails_beyond_the_authorisation_without_a_call(self, orders_side):
        payment_id = orders_side.authorized(amount=1000)
        orders_side.ship(payment_id, 700, shipment_id="shp_1")
        orders_side.ship(payment_id, 301, shipment_id="shp_2")
        orders_side.run_jobs()

        assert outline(payment_id) == [("capture", "succeeded", 700), ("capture", "failed", 301)]
        assert orders_side.moved()["captured_amount"] == 700
        failure = next(each for each in orders_side.events(payment_id) if each["name"].endswith("capture_failed.v1"))
        assert (failure["shipment_id"], failure["reason"]) == ("shp_2", "exceeds_authorization")

    def test_is_counted_as_failed_when_it_exceeds_the_authorisation(self, orders_side):
        before = failed("capture"), failed("refund")
        payment_id = orders_side.captured(amount=1000)
        for _ in range(2):
            orders_side.ship(payment_id, 1, shipment_id="shp_2")
            orders_side.give_back(payment_id, 1001)

        assert (failed("capture"), failed("refund")) == (before[0] + 1, before[1] + 1)

    def test_captures_nothing_for_free_lines(self, orders_side):
        payment_id = orders_side.authorized()
        orders_side.ship(payment_id, 0)

        assert outline(payment_id) == []

    def test_captures_once_when_the_answer_is_lost(self, orders_side, sandbox, hold_clock):
        payment_id = orders_side.authorized()
        sandbox.arm("capture", "drop_after_commit", times=2)
        orders_side.ship(payment_id, 1000)
        orders_side.run_jobs()
        unanswered = outline(payment_id)

        hold_clock(now() + timedelta(minutes=2))
        orders_side.sweep()

        assert unanswered == [("capture", "pending", 1000)]
        assert outline(payment_id) == [("capture", "succeeded", 1000)]
        assert orders_side.moved()["captured_amount"] == 1000

    def test_is_found_by_the_sweeper_when_its_job_was_killed(self, orders_side, hold_clock):
        payment_id = orders_side.authorized()
        orders_side.ship(payment_id, 1000)
        orders_side.sweep()
        before = outline(payment_id)

        hold_clock(now() + timedelta(seconds=21))
        orders_side.sweep()

        assert before == [("capture", "pending", 1000)]
        assert outline(payment_id) == [("capture", "succeeded", 1000)]
        orders_side.run_jobs()
        assert orders_side.moved()["captured_amount"] == 1000

    def test_is_retried_later_after_each_failed_attempt(self, orders_side, sandbox, hold_clock):
        payment_id = orders_side.authorized()
        sandbox.arm("capture", "error_before", times=2)
        orders_side.ship(payment_id, 1000)
        orders_side.run_jobs()

        hold_clock(now() + timedelta(seconds=30))
        orders_side.sweep()

        assert outline(payment_id) == [("capture", "pending", 1000)]

    def test_is_announced_again_for_a_later_repeat_but_not_made_again(self, orders_side, hold_clock):
        payment_id = orders_side.captured()
        orders_side.give_back(payment_id, 250)
        orders_side.run_jobs()
        told = orders_side.events(payment_id)

        hold_clock(now() + timedelta(seconds=61))
        orders_side.ship(payment_id, 1000)
        orders_side.give_back(payment_id, 250)
        orders_side.run_jobs()

        assert orders_side.events(payment_id) == told * 2
        assert orders_side.moved() == {"status": "authorized", "captured_amount": 1000, "refunded_amount": 250}

    def test_is_swept_although_another_payment_cannot_be_read(self, orders_side, sandbox, hold_clock):
        sandbox.arm("charge", "error_before", times=2)
        unreadable = orders_side.authorize("ord_0").json["payment_id"]
        payment_id = orders_side.authorized()
        orders_side.ship(payment_id, 1000)
        sealed = Payment.collection().find({"_id": unreadable})[0]["card_token"]
        Payment.collection().update_one({"_id": unreadable}, {"$set": {"card_token": sealed[:-1]}})

        hold_clock(now() + timedelta(seconds=21))
        orders_side.sweep()

        assert outline(payment_id) == [("capture", "succeeded", 1000)]

    def test_fails_when_the_processor_refuses(self, orders_side, sandbox):
        payment_id = orders_side.authorized()
        charge_id = sandbox.charges_of("ord_1")[0]["id"]
        sandbox.call("POST", f"/charges/{charge_id}/void", {}, key="by-hand")
        orders_side.ship(payment_id, 1000)
        orders_side.run_jobs()

        (capture,) = Payment.get(payment_id).transactions[1:]
        assert (capture.status, capture.reason) == ("failed", "charge_not_capturable")
        assert orders_side.events(payment_id) == [
            {
                "name": "payments.payment_capture_failed.v1",
                "payment_id": payment_id,
                "order_id": "ord_1",
                "company_id": ACME,
                "shipment_id": "shp_1",
                "currency": "GBP",
                "amount": 1000,
                "reason": "charge_not_capturable",
            }
        ]

    def test_announces_a_failure_again_for_a_later_repeat(self, orders_side, sandbox, hold_clock):
        """Orders that an older version left asking are told at their next question."""
        payment_id = orders_side.authorized()
        charge_id = sandbox.charges_of("ord_1")[0]["id"]
        sandbox.call("POST", f"/charges/{charge_id}/void", {}, key="by-hand")
        orders_side.ship(payment_id, 1000)
        orders_side.run_jobs()
        told = orders_side.events(payment_id)
        orders_side.ship(payment_id, 1000)
        assert orders_side.events(payment_id) == told

        hold_clock(now() + timedelta(seconds=61))
        orders_side.ship(payment_id, 1000)

        assert orders_side.events(payment_id) == told * 2


class TestRefundOfReturn:
    def test_gives_back_and_announces_it(self, orders_side):
        payment_id = orders_side.captured(amount=1000)
        orders_side.give_back(payment_id, 250)
        orders_side.run_jobs()

        assert Payment.get(payment_id).status == "partially_refunded"
        assert orders_side.moved()["refunded_amount"] == 250
        refunded = orders_side.events(payment_id)[-1]
        assert refunded["name"] == "payments.payment_refunded.v1"
        assert (refunded["return_id"], refunded["amount"]) == ("ret_1", 250)

    def test_waits_for_its_capture_when_it_comes_first(self, orders_side):
        payment_id = orders_side.authorized(amount=1000)
        orders_side.give_back(payment_id, 250)
        orders_side.run_jobs()
        waiting = outline(payment_id)
        orders_side.ship(payment_id, 1000)
        orders_side.run_jobs()

        assert waiting == [("refund", "pending", 250)]
        assert outline(payment_id) == [("refund", "succeeded", 250), ("capture", "succeeded", 1000)]

    def test_never_exceeds_what_was_captured(self, orders_side):
        payment_id = orders_side.authorized(amount=1000)
        orders_side.ship(payment_id, 300)
        orders_side.run_jobs()
        orders_side.give_back(payment_id, 301)
        orders_side.run_jobs()

        assert outline(payment_id)[-1] == ("refund", "pending", 301)
        assert orders_side.moved()["refunded_amount"] == 0

    def test_is_given_up_after_a_quarter_of_an_hour_without_a_capture(self, orders_side, hold_clock):
        payment_id = orders_side.authorized()
        orders_side.give_back(payment_id, 10)
        hold_clock(now() + timedelta(minutes=14))
        orders_side.sweep()
        waiting = outline(payment_id)

        hold_clock(now() + timedelta(minutes=12))
        orders_side.sweep()

        assert waiting == [("refund", "pending", 10)]
        assert outline(payment_id) == [("refund", "failed", 10)]
        [failure] = orders_side.events(payment_id)
        assert failure["name"] == "payments.payment_refund_failed.v1"
        assert (failure["return_id"], failure["amount"], failure["reason"]) == ("ret_1", 10, "never_possible")

    def test_of_what_was_refunded_otherwise_fails_and_is_announced(self, orders_side, admin):
        """A full refund by staff and a return at once: the money goes back once."""
        payment_id = orders_side.captured(amount=1000)
        body = {"amount": {"amount": 1000, "currency": "GBP"}}
        assert admin.post(f"/v1/payments/{payment_id}/refunds", json=body).status_code == 201

        orders_side.give_back(payment_id, 1000)
        orders_side.run_jobs()

        assert orders_side.moved()["refunded_amount"] == 1000
        failure = orders_side.events(payment_id)[-1]
        assert failure["name"] == "payments.payment_refund_failed.v1"
        assert (failure["return_id"], failure["reason"]) == ("ret_1", "exceeds_authorization")

    def test_that_the_processor_refuses_fails_and_is_announced(self, orders_side, sandbox):
        payment_id = orders_side.captured(amount=1000)
        charge_id = sandbox.charges_of("ord_1")[0]["id"]
        sandbox.call("POST", f"/charges/{charge_id}/refunds", {"amount": 1000}, key="by-hand")

        orders_side.give_back(payment_id, 250)
        orders_side.run_jobs()

        failure = orders_side.events(payment_id)[-1]
        assert failure["name"] == "payments.payment_refund_failed.v1"
        assert (failure["amount"], failure["reason"]) == (250, "amount_too_large")

    def test_refunds_nothing_for_an_amount_of_zero(self, orders_side):
        payment_id = orders_side.captured()
        orders_side.give_back(payment_id, 0)

        assert len(outline(payment_id)) == 1

    def test_refunds_once_when_the_answer_is_lost(self, orders_side, sandbox, hold_clock):
        payment_id = orders_side.captured()
        sandbox.arm("refund", "drop_after_commit", times=2)
        orders_side.give_back(payment_id, 250)
        orders_side.run_jobs()

        hold_clock(now() + timedelta(minutes=2))
        orders_side.sweep()

        assert Payment.get(payment_id).refunded_amount == 250
        assert orders_side.moved()["refunded_amount"] == 250


def test_events_twice_and_shuffled_move_the_money_once(orders_side, hold_clock):
    payment_id = orders_side.authorized(amount=1000)
    deliveries = [
        lambda: orders_side.ship(payment_id, 400, shipment_id="shp_1"),
        lambda: orders_side.ship(payment_id, 600, shipment_id="shp_2"),
        lambda: orders_side.give_back(payment_id, 150, return_id="ret_1"),
        lambda: orders_side.give_back(payment_id, 50, return_id="ret_2"),
    ] * 2
    random.shuffle(deliveries)
    for deliver in deliveries:
        deliver()
        if random.random() < 0.5:
            orders_side.run_jobs()
    orders_side.run_jobs()
    hold_clock(now() + timedelta(minutes=2))
    orders_side.sweep()  # a refund that came before its capture both times waits for it

    payment = Payment.get(payment_id)
    assert (payment.captured_amount, payment.refunded_amount) == (1000, 200)
    assert orders_side.moved() == {"status": "authorized", "captured_amount": 1000, "refunded_amount": 200}
    assert len(orders_side.events(payment_id)) == 4
