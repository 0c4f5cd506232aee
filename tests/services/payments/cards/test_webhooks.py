"""Webhooks of the processor: signed, twice, early, late and forged."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from services.payments.payments.documents import Payment
from shared.base.clock import now
from tests.factories.psp_sandbox import WEBHOOK_SECRET
from tools.psp_sandbox.webhooks import signature_headers


def signed(body: str, secret: str = WEBHOOK_SECRET) -> tuple[dict[str, str], str]:
    return signature_headers(secret, "msg_made_up", body), body


class TestWebhook:
    def test_settles_an_authorisation_whose_answer_was_lost(self, orders_side, sandbox, receiver, webhooks):
        sandbox.arm("charge", "drop_after_commit", times=2)
        payment_id = orders_side.authorize().json["payment_id"]
        receiver.wait_for(1)

        response = webhooks(receiver.received[0])

        assert response.status_code == 204
        assert Payment.get(payment_id).status == "authorized"
        assert [each["name"] for each in orders_side.events(payment_id)] == ["payments.payment_authorized.v1"]

    def test_settles_a_decline_whose_answer_was_lost(self, orders_side, sandbox, receiver, webhooks):
        sandbox.arm("charge", "drop_after_commit", times=2)
        payment_id = orders_side.authorize(token="tok_declined").json["payment_id"]
        receiver.wait_for(1)

        webhooks(receiver.received[0])

        assert Payment.get(payment_id).status == "declined"
        assert orders_side.events(payment_id)[0]["reason"] == "card_declined"

    def test_settles_captures_and_refunds_whose_answers_were_lost(self, orders_side, sandbox, receiver, webhooks):
        payment_id = orders_side.authorized(amount=1000)
        sandbox.arm("capture", "drop_after_commit", times=2)
        orders_side.ship(payment_id, 1000)
        orders_side.run_jobs()
        receiver.wait_for(2)
        webhooks(receiver.received[1])
        sandbox.arm("refund", "drop_after_commit", times=2)
        orders_side.give_back(payment_id, 300)
        orders_side.run_jobs()
        receiver.wait_for(3)
        webhooks(receiver.received[2])

        payment = Payment.get(payment_id)
        assert (payment.captured_amount, payment.refunded_amount) == (1000, 300)

    def test_changes_nothing_the_second_time(self, orders_side, receiver, webhooks):
        payment_id = orders_side.captured()
        receiver.wait_for(2)
        before = Payment.get(payment_id).version

        statuses = [webhooks(each).status_code for each in receiver.received * 2]

        assert statuses == [204] * 4
        assert Payment.get(payment_id).version == before
        assert len(orders_side.events(payment_id)) == 1

    def test_may_come_before_the_answer(self, orders_side, sandbox, receiver, webhooks):
        receiver.forward = lambda headers, body: webhooks((headers, body)).status_code
        sandbox.arm("charge", "webhook_first")

        answer = orders_side.authorize().json

        assert answer["status"] == "authorized"
        assert len(receiver.received) == 1
        assert Payment.get(answer["payment_id"]).status == "authorized"

    def test_of_a_capture_may_come_before_the_answer(self, orders_side, sandbox, receiver, webhooks):
        payment_id = orders_side.authorized()
        receiver.forward = lambda headers, body: webhooks((headers, body)).status_code
        sandbox.arm("capture", "webhook_first")
        orders_side.ship(payment_id, 1000)
        orders_side.run_jobs()

        assert Payment.get(payment_id).captured_amount == 1000
        assert len(orders_side.events(payment_id)) == 1

    def test_of_a_charge_we_had_given_up_has_it_voided(self, orders_side, sandbox, receiver, webhooks, hold_clock):
        sandbox.arm("charge", "error_before", times=2)
        payment_id = orders_side.authorize().json["payment_id"]
        hold_clock(now() + timedelta(minutes=16))
        orders_side.sweep()
        key = Payment.get(payment_id).authorization.id
        body = {"token": "tok_ok", "amount": 1000, "currency": "GBP", "reference": "ord_1"}
        sandbox.call("POST", "/charges", body, key=key)
        receiver.wait_for(1)
        hold_clock(now() - timedelta(minutes=16))
        webhooks(receiver.received[0])

        hold_clock(now() + timedelta(minutes=2))
        orders_side.sweep()

        assert orders_side.moved()["status"] == "voided"
        assert Payment.get(payment_id).status == "declined"

    def test_of_a_kind_we_do_not_know_is_taken_and_ignored(self, webhooks):
        assert webhooks(signed(json.dumps({"type": "dispute.opened", "data": {}}))).status_code == 204

    def test_of_a_transaction_we_do_not_know_is_taken_and_ignored(self, orders_side, webhooks):
        orders_side.authorized()
        charge = {"id": "ch_1", "status": "authorized", "decline_code": None, "reference": "ord_1"}
        told = {"charge": charge, "capture": {"id": "cap_1", "idempotency_key": ["k"]}}

        assert webhooks(signed(json.dumps({"type": "charge.captured", "data": told}))).status_code == 204

    def test_of_an_order_we_do_not_know_is_taken_and_ignored(self, webhooks):
        charge = {"id": "ch_1", "status": "authorized", "reference": "ord_none", "idempotency_key": "k"}

        assert (
            webhooks(signed(json.dumps({"type": "charge.authorized", "data": {"charge": charge}}))).status_code == 204
        )


class TestForgedWebhook:
    @pytest.mark.parametrize(
        "change",
        [
            {"webhook-signature": "v1,AAAA"},
            {"webhook-signature": ""},
            {"webhook-timestamp": ""},
            {"webhook-timestamp": "²"},
            {"webhook-id": "msg_other"},
        ],
    )
    def test_is_refused_unless_everything_is_signed(self, orders_side, receiver, webhooks, change):
        orders_side.authorized()
        receiver.wait_for(1)
        headers, body = receiver.received[0]
        lowered = {name.lower(): value for name, value in headers.items()}

        assert webhooks((lowered | change, body)).status_code == 401

    def test_is_refused_with_another_body_or_secret(self, orders_side, receiver, webhooks):
        orders_side.authorized()
        receiver.wait_for(1)
        headers, body = receiver.received[0]

        assert webhooks((headers, body + " ")).status_code == 401
        assert webhooks(signed(body, "whsec_b3RoZXI=")).status_code == 401

    @pytest.mark.parametrize(("minutes", "status"), [(4, 204), (6, 401), (-6, 401)])
    def test_is_refused_when_replayed_later(self, orders_side, receiver, webhooks, hold_clock, minutes, status):
        orders_side.authorized()
        receiver.wait_for(1)
        hold_clock(now() + timedelta(minutes=minutes))

        assert webhooks(receiver.received[0]).status_code == status

    @pytest.mark.parametrize("body", ["not json", "[]", '{"type": "charge.authorized"}', '{"type": [], "data": 1}'])
    def test_is_refused_when_it_cannot_be_read(self, webhooks, body):
        assert webhooks(signed(body)).status_code == 400

    def test_is_unknown_for_another_processor(self, payments_app, api):
        headers, body = signed("{}")

        response = api(payments_app, role=None).post("/v1/webhooks/stripe", headers=headers, data=body)

        assert response.status_code == 404
