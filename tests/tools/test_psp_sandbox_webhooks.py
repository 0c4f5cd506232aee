"""Webhooks of the card processor's double: signed, durable, repeated until accepted."""

from __future__ import annotations

import json

import pytest
from standardwebhooks.webhooks import Webhook

from tests.factories.psp_sandbox import WEBHOOK_SECRET, Sandbox, running_sandbox, wait_until

CHARGE = {"token": "tok_ok", "amount": 1000, "currency": "GBP", "reference": "ord_1"}


def charge(sandbox: Sandbox, key: str = "charge-1") -> str:
    return sandbox.call("POST", "/charges", CHARGE, key=key)[1]["id"]


class TestWebhooks:
    def test_carry_a_signature_that_the_public_library_accepts(self, sandbox, receiver):
        charge_id = charge(sandbox)
        receiver.wait_for(1)
        headers, body = receiver.received[0]

        verified = Webhook(WEBHOOK_SECRET).verify(body, {name.lower(): value for name, value in headers.items()})

        assert verified["type"] == "charge.authorized"
        assert verified["data"]["charge"]["id"] == charge_id

    def test_are_repeated_with_the_same_id_until_accepted(self, sandbox, receiver):
        receiver.statuses = [500, 503]
        charge(sandbox)
        receiver.wait_for(3)

        assert len({headers["Webhook-Id"] for headers, _ in receiver.received}) == 1
        assert len({body for _, body in receiver.received}) == 1

    def test_survive_a_restart_of_the_processor(self, tmp_path, receiver):
        with running_sandbox(tmp_path, "http://127.0.0.1:9/nobody", webhook_delay_seconds=0) as sandbox:
            charge_id = charge(sandbox)
        with running_sandbox(tmp_path, receiver.url):
            bodies = receiver.wait_for(1)

        assert bodies[0]["data"]["charge"]["id"] == charge_id

    def test_are_not_sent_again_once_accepted(self, tmp_path, receiver):
        with running_sandbox(tmp_path, receiver.url) as sandbox:
            charge(sandbox)
            receiver.wait_for(1)
        with running_sandbox(tmp_path, receiver.url) as sandbox:
            charge(sandbox, key="charge-2")
            receiver.wait_for(2)

        assert len({body["data"]["charge"]["id"] for body in receiver.bodies()}) == 2

    def test_a_replayed_answer_announces_nothing_new(self, sandbox, receiver):
        charge(sandbox)
        charge(sandbox)
        charge(sandbox, key="charge-2")
        receiver.wait_for(2)

        assert len({body["data"]["charge"]["id"] for body in receiver.bodies()}) == 2
        assert len(receiver.received) == 2

    def test_arrive_twice_when_told_so(self, sandbox, receiver):
        sandbox.arm("charge", "duplicate_webhook")
        charge(sandbox)
        receiver.wait_for(2)

        assert receiver.received[0][1] == receiver.received[1][1]

    def test_arrive_before_the_answer_when_told_so(self, tmp_path, receiver):
        with running_sandbox(tmp_path, receiver.url, webhook_delay_seconds=600) as sandbox:
            sandbox.arm("charge", "webhook_first")
            charge_id = charge(sandbox)

            assert [body["data"]["charge"]["id"] for body in receiver.bodies()] == [charge_id]

    @pytest.mark.parametrize("forbidden", ["4242424242424242", "12/39"])
    def test_never_carry_card_details(self, tmp_path, receiver, forbidden):
        with running_sandbox(tmp_path, receiver.url) as sandbox:
            page = sandbox.call("POST", "/sessions", {"return_url": "http://127.0.0.1:8081/pay"}, key="s")[1]["url"]
            form = {"number": "4242 4242 4242 4242", "expiry": "12/39", "cvc": "123"}
            location = sandbox.app.test_client().post(page, data=form).headers["Location"]
            token = location.rpartition("token=")[2]
            sandbox.call("POST", "/charges", CHARGE | {"token": token}, key="charge-1")
            wait_until(lambda: len(receiver.received) == 1)

        assert forbidden not in json.dumps(receiver.bodies())
        assert all(forbidden.encode() not in path.read_bytes() for path in tmp_path.iterdir())
