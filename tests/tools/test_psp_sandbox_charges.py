"""Charges, captures, refunds and voids of the card processor's double, over its REST API."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import urllib3

from tests.factories.psp_sandbox import API_KEY, Sandbox, WebhookReceiver, running_sandbox


def charge_body(**changes: Any) -> dict[str, Any]:
    return {"token": "tok_ok", "amount": 1000, "currency": "GBP", "reference": "ord_1"} | changes


@pytest.fixture
def charge_id(sandbox: Sandbox) -> str:
    return sandbox.call("POST", "/charges", charge_body(), key="charge-1")[1]["id"]


class TestRelease:
    def test_leaves_the_rest_to_be_captured(self, sandbox, charge_id):
        def move(kind, amount, key):
            return sandbox.call("POST", f"/charges/{charge_id}/{kind}", {"amount": amount}, key=key)[0]

        assert move("captures", 300, "c1") == 201
        assert move("releases", 701, "r1") == 409
        assert move("releases", 600, "r2") == move("releases", 600, "r2") == 201
        assert move("captures", 101, "c2") == 409
        assert move("captures", 100, "c3") == 201
        assert move("releases", 1, "r3") == 409

    def test_refuses_a_declined_charge(self, sandbox):
        declined = sandbox.call("POST", "/charges", charge_body(token="tok_declined"), key="a")[1]["id"]

        status, body = sandbox.call("POST", f"/charges/{declined}/releases", {"amount": 1}, key="r1")

        assert (status, body["error"]["code"]) == (409, "charge_not_releasable")


class TestAccess:
    def test_refuses_a_caller_without_the_key(self, sandbox):
        status, body = sandbox.call("GET", "/balance", api_key="sk_wrong")

        assert (status, body["error"]["code"]) == (401, "unauthorized")

    @pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
    def test_is_healthy(self, sandbox, path):
        response = sandbox.app.test_client().get(path)

        assert (response.status_code, response.json["status"]) == (200, "ok")


class TestCharge:
    def test_authorizes_the_reusable_token_again_and_again(self, sandbox):
        first = sandbox.call("POST", "/charges", charge_body(), key="a")
        second = sandbox.call("POST", "/charges", charge_body(), key="b")

        assert first[0] == second[0] == 201
        assert first[1]["status"] == second[1]["status"] == "authorized"
        assert first[1]["id"] != second[1]["id"]

    def test_declines_with_a_code(self, sandbox):
        status, body = sandbox.call("POST", "/charges", charge_body(token="tok_declined"), key="a")

        assert (status, body["status"], body["decline_code"]) == (201, "declined", "card_declined")

    def test_refuses_an_unknown_token(self, sandbox):
        status, body = sandbox.call("POST", "/charges", charge_body(token="tok_never_made"), key="a")

        assert (status, body["error"]["code"]) == (400, "token_unknown")

    @pytest.mark.parametrize("currency", ["CLP", "OMR"])
    def test_takes_minor_units_of_every_currency(self, sandbox, currency):
        status, body = sandbox.call("POST", "/charges", charge_body(currency=currency, amount=4990), key="a")

        assert (status, body["amount"], body["currency"]) == (201, 4990, currency)

    @pytest.mark.parametrize(
        "change",
        [
            {"amount": 0},
            {"amount": "10"},
            {"amount": True},
            *({"currency": each} for each in ("pound", "ABC", "XXX", "XAU", "CLF", None)),
        ],
    )
    def test_refuses_a_malformed_body(self, sandbox, change):
        status, body = sandbox.call("POST", "/charges", charge_body(**change), key="a")

        assert (status, body["error"]["code"]) == (400, "parameter_invalid")

    def test_is_found_by_reference_and_by_key(self, sandbox, charge_id):
        sandbox.call("POST", "/charges", charge_body(reference="ord_2"), key="other")

        assert [charge["id"] for charge in sandbox.charges_of("ord_1")] == [charge_id]
        found = sandbox.call("GET", "/charges?idempotency_key=charge-1")[1]["items"]
        assert [charge["id"] for charge in found] == [charge_id]
        assert sandbox.charges_of("ord_3") == []

    @pytest.mark.parametrize(
        "body", ["[" * 20_000, '{"token": "\\ud800", "amount": 1, "currency": "GBP", "reference": "r"}']
    )
    def test_refuses_a_body_that_it_could_not_keep(self, sandbox, body):
        headers = {"Authorization": f"Bearer {API_KEY}", "Idempotency-Key": "a", "Content-Type": "application/json"}

        response = sandbox.app.test_client().post("/psp-sandbox/v1/charges", data=body, headers=headers)

        assert (response.status_code, response.json["error"]["code"]) == (400, "body_invalid")


class TestIdempotencyKey:
    def test_gives_the_same_answer_again_and_charges_once(self, sandbox):
        answers = [sandbox.call("POST", "/charges", charge_body(), key="same") for _ in range(3)]

        assert answers[0] == answers[1] == answers[2]
        assert len(sandbox.charges_of("ord_1")) == 1

    def test_charges_once_when_the_same_key_arrives_in_parallel(self, sandbox):
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: sandbox.call("POST", "/charges", charge_body(), key="same"), range(16)))

        assert {answer[1]["id"] for answer in answers} == {sandbox.charges_of("ord_1")[0]["id"]}

    def test_refuses_another_body(self, sandbox):
        sandbox.call("POST", "/charges", charge_body(), key="same")
        status, body = sandbox.call("POST", "/charges", charge_body(amount=1), key="same")

        assert (status, body["error"]["code"]) == (422, "idempotency_key_reused")

    def test_repeats_a_refusal_too(self, sandbox, charge_id):
        first = sandbox.call("POST", f"/charges/{charge_id}/refunds", {"amount": 5}, key="early")
        sandbox.call("POST", f"/charges/{charge_id}/captures", {"amount": 1000}, key="capture")

        assert first[0] == 409
        assert sandbox.call("POST", f"/charges/{charge_id}/refunds", {"amount": 5}, key="early") == first

    def test_must_be_there(self, sandbox):
        status, body = sandbox.call("POST", "/charges", charge_body())

        assert (status, body["error"]["code"]) == (400, "idempotency_key_required")

    def test_outlives_a_restart(self, tmp_path, receiver):
        with running_sandbox(tmp_path, receiver.url) as sandbox:
            before = sandbox.call("POST", "/charges", charge_body(), key="same")
        with running_sandbox(tmp_path, receiver.url) as sandbox:
            assert sandbox.call("POST", "/charges", charge_body(), key="same") == before
            assert len(sandbox.charges_of("ord_1")) == 1


class TestMovements:
    def test_captures_in_parts_up_to_what_was_authorized(self, sandbox, charge_id):
        path = f"/charges/{charge_id}/captures"

        assert sandbox.call("POST", path, {"amount": 600}, key="c1")[1]["status"] == "succeeded"
        assert sandbox.call("POST", path, {"amount": 401}, key="c2")[1]["error"]["code"] == "amount_too_large"
        assert sandbox.call("POST", path, {"amount": 400}, key="c3")[0] == 201
        charge = sandbox.call("GET", f"/charges/{charge_id}")[1]
        assert charge["captured_amount"] == 1000
        assert [(move["kind"], move["amount"]) for move in charge["movements"]] == [("capture", 600), ("capture", 400)]

    def test_refunds_up_to_what_was_captured(self, sandbox, charge_id):
        sandbox.call("POST", f"/charges/{charge_id}/captures", {"amount": 600}, key="c1")
        path = f"/charges/{charge_id}/refunds"

        assert sandbox.call("POST", path, {"amount": 601}, key="r1")[1]["error"]["code"] == "amount_too_large"
        assert sandbox.call("POST", path, {"amount": 600}, key="r2")[0] == 201

    def test_voids_only_what_was_not_captured(self, sandbox, charge_id):
        voided = sandbox.call("POST", f"/charges/{charge_id}/void", {}, key="v1")
        capture = sandbox.call("POST", f"/charges/{charge_id}/captures", {"amount": 1}, key="c1")
        captured_id = sandbox.call("POST", "/charges", charge_body(), key="charge-2")[1]["id"]
        sandbox.call("POST", f"/charges/{captured_id}/captures", {"amount": 1}, key="c2")

        assert (voided[0], capture[1]["error"]["code"]) == (201, "charge_not_capturable")
        assert sandbox.call("POST", f"/charges/{captured_id}/void", {}, key="v2")[0] == 409

    def test_answers_404_for_a_charge_that_does_not_exist(self, sandbox):
        assert sandbox.call("POST", "/charges/ch_none/captures", {"amount": 1}, key="c1")[0] == 404

    def test_balance_adds_up_per_currency(self, sandbox, charge_id):
        sandbox.call("POST", f"/charges/{charge_id}/captures", {"amount": 600}, key="c1")
        sandbox.call("POST", f"/charges/{charge_id}/refunds", {"amount": 100}, key="r1")
        euro = sandbox.call("POST", "/charges", charge_body(currency="EUR", amount=70), key="e1")[1]["id"]
        sandbox.call("POST", f"/charges/{euro}/void", {}, key="v1")
        sandbox.call("POST", "/charges", charge_body(token="tok_declined"), key="d1")

        assert sandbox.call("GET", "/balance")[1] == {
            "EUR": {"authorized": 70, "voided": 70, "captured": 0, "refunded": 0},
            "GBP": {"authorized": 1000, "voided": 0, "captured": 600, "refunded": 100},
        }


class TestFaults:
    def test_drops_the_answer_after_charging(self, sandbox):
        sandbox.arm("charge", "drop_after_commit")

        with pytest.raises(urllib3.exceptions.ProtocolError):
            sandbox.call("POST", "/charges", charge_body(), key="lost")

        assert len(sandbox.charges_of("ord_1")) == 1
        assert (
            sandbox.call("POST", "/charges", charge_body(), key="lost")[1]["id"] == sandbox.charges_of("ord_1")[0]["id"]
        )

    def test_fails_before_it_does_anything_as_often_as_told(self, sandbox):
        sandbox.arm("charge", "error_before", times=2)

        statuses = [sandbox.call("POST", "/charges", charge_body(), key="same")[0] for _ in range(3)]

        assert statuses == [500, 500, 201]

    def test_clears(self, sandbox):
        sandbox.arm("charge", "error_before", times=100)
        sandbox.call("DELETE", "/faults")

        assert sandbox.call("POST", "/charges", charge_body(), key="same")[0] == 201

    @pytest.mark.parametrize(
        "change",
        [{"kind": "explode"}, {"kind": []}, {"operation": {}}, {"seconds": "soon"}, {"seconds": -1}, {"times": []}],
    )
    def test_refuses_an_unknown_fault(self, sandbox, change):
        fault = {"operation": "charge", "kind": "delay"} | change

        assert sandbox.call("POST", "/faults", fault)[0] == 400


def test_receiver_is_told_of_every_movement(sandbox: Sandbox, receiver: WebhookReceiver, charge_id: str) -> None:
    sandbox.call("POST", f"/charges/{charge_id}/captures", {"amount": 600}, key="c1")
    sandbox.call("POST", f"/charges/{charge_id}/refunds", {"amount": 100}, key="r1")

    bodies = receiver.wait_for(3)

    assert [body["type"] for body in bodies] == ["charge.authorized", "charge.captured", "charge.refunded"]
    assert bodies[1]["data"]["capture"]["idempotency_key"] == "c1"
    assert bodies[2]["data"]["charge"]["refunded_amount"] == 100
