"""Refunds by staff: at once, once per reference, never more than there is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.payments.payments.documents import Payment
from shared.base.clock import now


def refund(admin: Any, payment_id: str, amount: int, *, currency: str = "GBP", key: str = "", **body: Any) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    money = {"amount": amount, "currency": currency}
    return admin.post(f"/v1/payments/{payment_id}/refunds", json={"amount": money, **body}, headers=headers)


class TestRefund:
    def test_gives_money_back_at_once(self, orders_side, admin):
        payment_id = orders_side.captured(amount=1000)

        response = refund(admin, payment_id, 300, reference="goodwill-1")

        assert response.status_code == 201
        assert response.json["status"] == "succeeded"
        assert response.json["amount"] == {"amount": 300, "currency": "GBP"}
        assert response.json["reference"] == "goodwill-1"
        assert orders_side.moved()["refunded_amount"] == 300
        assert orders_side.events(payment_id)[-1]["return_id"] is None

    def test_returns_the_refund_there_is_for_a_known_reference(self, orders_side, admin):
        payment_id = orders_side.captured()
        first = refund(admin, payment_id, 300, reference="goodwill-1")
        second = refund(admin, payment_id, 300, reference="goodwill-1")

        assert (second.status_code, second.json) == (200, first.json)
        assert orders_side.moved()["refunded_amount"] == 300

    def test_gives_money_back_in_a_currency_that_left_iso_4217(self, orders_side, admin):
        payment_id = orders_side.captured(amount=1000)
        Payment.collection().update_one({"_id": payment_id}, {"$set": {"currency": "BGN"}})

        response = refund(admin, payment_id, 300, currency="BGN")

        assert (response.status_code, response.json["status"]) == (201, "succeeded")
        assert response.json["amount"] == {"amount": 300, "currency": "BGN"}

    def test_names_the_most_that_can_be_refunded_as_money(self, orders_side, admin):
        refusal = refund(admin, orders_side.captured(amount=1000), 1001).json["errors"][0]

        assert refusal["detail"] == "Give more than 0 and at most £10.00."

    def test_repeats_the_answer_for_a_repeated_key(self, orders_side, admin):
        payment_id = orders_side.captured()
        first = refund(admin, payment_id, 300, key="k1")
        second = refund(admin, payment_id, 300, key="k1")

        assert (second.status_code, second.json) == (201, first.json)
        assert second.headers["Idempotent-Replayed"] == "true"
        assert orders_side.moved()["refunded_amount"] == 300

    def test_needs_an_idempotency_key(self, orders_side, admin):
        payment_id = orders_side.captured()

        response = admin.post(
            f"/v1/payments/{payment_id}/refunds",
            json={"amount": {"amount": 1, "currency": "GBP"}},
            headers={"Idempotency-Key": ""},
        )

        assert response.status_code == 400

    @pytest.mark.parametrize(
        ("amount", "currency", "pointer"),
        [
            (1001, "GBP", "/amount/amount"),
            (0, "GBP", "/amount/amount"),
            (1, "EUR", "/amount/currency"),
            (1, "ABC", "/amount/currency"),
        ],
    )
    def test_refuses_more_than_there_is_and_other_money(self, orders_side, admin, amount, currency, pointer):
        payment_id = orders_side.captured(amount=1000)

        response = refund(admin, payment_id, amount, currency=currency)

        assert response.status_code == 422
        assert response.json["errors"][0]["pointer"] == pointer

    def test_counts_refunds_that_are_still_pending(self, orders_side, admin, sandbox):
        payment_id = orders_side.captured(amount=1000)
        sandbox.arm("refund", "error_before", times=2)
        first = refund(admin, payment_id, 800)

        assert (first.status_code, first.json["status"]) == (201, "pending")
        assert refund(admin, payment_id, 300).status_code == 422

    def test_is_carried_out_later_when_the_processor_is_away(self, orders_side, admin, sandbox, hold_clock):
        payment_id = orders_side.captured(amount=1000)
        sandbox.arm("refund", "drop_after_commit", times=2)
        refund(admin, payment_id, 800, reference="r1")

        hold_clock(now() + timedelta(minutes=2))
        orders_side.sweep()

        assert Payment.get(payment_id).refunded_amount == 800
        assert orders_side.moved()["refunded_amount"] == 800
        assert refund(admin, payment_id, 800, reference="r1").json["status"] == "succeeded"

    def test_is_for_those_who_may(self, orders_side, buyer, payments_app, api):
        payment_id = orders_side.captured()

        assert refund(buyer, payment_id, 1).status_code == 403
        assert refund(api(payments_app, role=None), payment_id, 1).status_code == 401

    def test_answers_404_for_a_payment_that_does_not_exist(self, admin):
        assert refund(admin, "pay_none", 1).status_code == 404

    @pytest.mark.parametrize("body", [{}, {"amount": 5}, {"amount": {"amount": 1, "currency": "GBP"}, "note": "x"}])
    def test_refuses_a_malformed_body(self, orders_side, admin, body):
        payment_id = orders_side.captured()

        assert admin.post(f"/v1/payments/{payment_id}/refunds", json=body).status_code == 422
