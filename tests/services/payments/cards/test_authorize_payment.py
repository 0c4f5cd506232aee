"""Authorising an order: once, whatever happens to the answer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.payments.payments.documents import Payment
from shared.base.clock import now
from tests.support import ACME, GLOBEX


class TestAuthorize:
    def test_holds_the_money(self, orders_side, buyer):
        response = orders_side.authorize(amount=1234)

        assert response.status_code == 200
        assert response.json["status"] == "authorized"
        payment = buyer.get(f"/v1/payments/{response.json['payment_id']}").json
        assert payment["status"] == "authorized"
        assert payment["amount"] == {"amount": 1234, "currency": "GBP"}
        assert payment["order_id"] == "ord_1"
        assert [(each["kind"], each["status"]) for each in payment["transactions"]] == [("authorization", "succeeded")]
        assert orders_side.moved()["status"] == "authorized"

    @pytest.mark.parametrize(("amount", "currency"), [(4990, "CLP"), (1234, "OMR")])
    def test_holds_minor_units_of_every_currency(self, orders_side, buyer, amount, currency):
        payment_id = orders_side.authorized(amount=amount, currency=currency)

        payment = buyer.get(f"/v1/payments/{payment_id}").json
        assert payment["amount"] == {"amount": amount, "currency": currency}

    @pytest.mark.parametrize("currency", ["ABC", "XXX", "XAU"])
    def test_refuses_what_is_no_currency(self, orders_side, currency):
        response = orders_side.authorize(currency=currency)

        assert response.status_code == 422
        assert [error["pointer"] for error in response.json["errors"]] == ["/amount/currency"]

    def test_announces_nothing_when_the_caller_gets_the_answer(self, orders_side):
        assert orders_side.events(orders_side.authorized()) == []

    def test_forgets_the_token_once_answered(self, orders_side):
        payment_id = orders_side.authorized()

        assert Payment.collection().count_documents({"_id": payment_id, "card_token": {"$exists": True}}) == 0

    @pytest.mark.parametrize(("token", "reason"), [("tok_declined", "card_declined"), ("tok_made_up", "token_unknown")])
    def test_declines_with_a_reason(self, orders_side, buyer, token, reason):
        answer = orders_side.authorize(token=token).json

        assert (answer["status"], answer["reason"]) == ("declined", reason)
        assert buyer.get(f"/v1/payments/{answer['payment_id']}").json["status"] == "declined"

    def test_counts_declines_by_reason(self, orders_side):
        orders_side.authorize(token="tok_declined")

        metrics = orders_side.api.get("/metrics").text
        assert 'payment_declines_total{reason="card_declined"}' in metrics

    def test_repeats_the_answer_of_an_order_it_knows(self, orders_side, sandbox):
        answers = [orders_side.authorize().json for _ in range(3)]

        assert answers[0] == answers[1] == answers[2]
        assert len(sandbox.charges_of("ord_1")) == 1

    @pytest.mark.parametrize("change", [{"amount": 1}, {"company_id": GLOBEX}])
    def test_refuses_another_payment_for_the_same_order(self, orders_side, change):
        orders_side.authorized()

        response = orders_side.authorize(**change)

        assert (response.status_code, response.json["type"]) == (409, "/problems/payment-differs")

    def test_is_for_services_only(self, buyer, admin):
        assert buyer.post("/internal/v1/payments", json={}).status_code == 403
        assert admin.post("/internal/v1/payments", json={}).status_code == 403

    def test_does_not_charge_an_order_that_was_cancelled_before(self, orders_side, sandbox):
        orders_side.cancel("ord_1")

        answer = orders_side.authorize("ord_1").json

        assert (answer["status"], answer["reason"]) == ("declined", "order_cancelled")
        assert sandbox.charges_of("ord_1") == []


class TestLostAnswer:
    def test_charges_once_when_the_answer_is_lost_and_the_call_repeated(self, orders_side, sandbox):
        sandbox.arm("charge", "drop_after_commit")

        assert orders_side.authorize().json["status"] == "authorized"
        assert len(sandbox.charges_of("ord_1")) == 1

    def test_is_pending_while_no_answer_comes_and_found_by_the_sweeper(self, orders_side, sandbox, hold_clock):
        sandbox.arm("charge", "drop_after_commit", times=2)
        answer = orders_side.authorize().json

        hold_clock(now() + timedelta(seconds=21))
        orders_side.sweep()

        assert answer["status"] == "pending"
        assert len(sandbox.charges_of("ord_1")) == 1
        assert Payment.get(answer["payment_id"]).status == "authorized"
        assert [each["name"] for each in orders_side.events(answer["payment_id"])] == ["payments.payment_authorized.v1"]

    def test_is_pending_while_the_processor_is_down_and_charged_once_it_is_up(self, orders_side, sandbox, hold_clock):
        sandbox.arm("charge", "error_before", times=2)
        answer = orders_side.authorize(token="tok_declined").json

        hold_clock(now() + timedelta(seconds=21))
        orders_side.sweep()

        assert answer["status"] == "pending"
        assert orders_side.events(answer["payment_id"]) == [
            {
                "name": "payments.payment_declined.v1",
                "payment_id": answer["payment_id"],
                "order_id": "ord_1",
                "reason": "card_declined",
            }
        ]

    def test_answers_pending_before_the_timeout_of_its_caller(self, orders_side, sandbox):
        sandbox.arm("charge", "delay", seconds=2)

        response = orders_side.authorize(headers={"X-Deadline-Ms": "800"})

        assert (response.status_code, response.json["status"]) == (200, "pending")

    def test_repeats_the_charge_with_the_same_key_when_orders_repeats_the_call(self, orders_side, sandbox):
        sandbox.arm("charge", "drop_after_commit", times=2)
        first = orders_side.authorize().json
        second = orders_side.authorize().json

        assert (first["status"], second["status"]) == ("pending", "authorized")
        assert first["payment_id"] == second["payment_id"]
        assert len(sandbox.charges_of("ord_1")) == 1

    def test_expires_after_a_quarter_of_an_hour_without_a_charge(self, orders_side, sandbox, hold_clock):
        sandbox.arm("charge", "error_before", times=2)
        answer = orders_side.authorize().json

        hold_clock(now() + timedelta(minutes=16))
        orders_side.sweep()

        assert sandbox.charges_of("ord_1") == []
        assert orders_side.authorize().json["reason"] == "processor_unavailable"
        assert orders_side.events(answer["payment_id"])[0]["reason"] == "processor_unavailable"

    def test_is_not_swept_while_its_request_may_be_running(self, orders_side, sandbox):
        sandbox.arm("charge", "drop_after_commit", times=2)
        answer = orders_side.authorize().json

        orders_side.sweep()

        assert Payment.get(answer["payment_id"]).status == "pending"


class TestCancelledOrder:
    def test_voids_the_authorisation(self, orders_side):
        payment_id = orders_side.authorized()
        orders_side.cancel(payment_id=payment_id)
        orders_side.run_jobs()

        assert Payment.get(payment_id).status == "voided"
        assert orders_side.moved()["status"] == "voided"

    def test_voids_once_when_the_event_comes_twice(self, orders_side):
        payment_id = orders_side.authorized()
        for _ in range(2):
            orders_side.cancel(payment_id=payment_id)
            orders_side.run_jobs()

        assert [each.kind for each in Payment.get(payment_id).transactions] == ["authorization", "void"]

    def test_voids_an_authorisation_that_turns_up_later(self, orders_side, sandbox, hold_clock):
        sandbox.arm("charge", "drop_after_commit", times=2)
        payment_id = orders_side.authorize().json["payment_id"]
        orders_side.cancel()
        orders_side.run_jobs()

        hold_clock(now() + timedelta(minutes=2))
        orders_side.sweep()

        assert orders_side.moved()["status"] == "voided"
        assert Payment.get(payment_id).status == "voided"
        assert orders_side.events(payment_id) == []

    def test_does_not_charge_after_all_when_the_first_attempt_never_arrived(self, orders_side, sandbox, hold_clock):
        sandbox.arm("charge", "error_before", times=2)
        payment_id = orders_side.authorize().json["payment_id"]
        orders_side.cancel()

        hold_clock(now() + timedelta(minutes=2))
        orders_side.sweep()

        assert sandbox.charges_of("ord_1") == []
        assert Payment.get(payment_id).status == "declined"

    def test_finds_and_voids_a_charge_without_answer_although_orders_repeats_the_call(
        self, orders_side, sandbox, hold_clock
    ):
        sandbox.arm("charge", "drop_after_commit", times=2)
        payment_id = orders_side.authorize().json["payment_id"]
        orders_side.cancel()
        orders_side.authorize()
        orders_side.run_jobs()

        hold_clock(now() + timedelta(minutes=2))
        orders_side.sweep()

        assert orders_side.moved()["status"] == "voided"
        assert Payment.get(payment_id).status == "voided"

    def test_leaves_an_order_without_payment_alone(self, orders_side):
        orders_side.cancel("ord_free")

        assert Payment.collection().count_documents({}) == 0

    def test_does_not_void_what_was_captured(self, orders_side):
        payment_id = orders_side.captured()
        orders_side.cancel(payment_id=payment_id)
        orders_side.run_jobs()

        assert Payment.get(payment_id).status == "captured"
        assert orders_side.moved()["status"] == "authorized"


def test_another_company_sees_nothing(orders_side, payments_app, api):
    payment_id = orders_side.authorized(company_id=ACME)
    stranger = api(payments_app, company_id=GLOBEX)

    foreign, absent = stranger.get(f"/v1/payments/{payment_id}"), stranger.get("/v1/payments/pay_none")

    assert foreign.status_code == absent.status_code == 404
    assert set(foreign.json) == set(absent.json)
    assert stranger.get("/v1/payments?order_id=ord_1").json["items"] == []
