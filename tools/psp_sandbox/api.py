"""The processor's REST API: sessions, charges, captures, refunds, voids, releases, balance and faults."""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request

from tools.psp_sandbox import ledger, webhooks
from tools.psp_sandbox.config import PREFIX
from tools.psp_sandbox.errors import Refused
from tools.psp_sandbox.faults import Fault, FaultKind, drop_connection
from tools.psp_sandbox.schemas import read_amount, read_body, read_charge, read_fault, read_return_url
from tools.psp_sandbox.state import SandboxState, state

blueprint = Blueprint("api", __name__, url_prefix=f"{PREFIX}/v1")
Perform = Callable[[sqlite3.Connection, str], ledger.Outcome]


@blueprint.before_request
def require_api_key() -> None:
    """Refuse a caller without the merchant's key."""
    expected = f"Bearer {state().settings.api_key}"
    if not hmac.compare_digest(request.headers.get("Authorization", "").encode(), expected.encode()):
        raise Refused(401, "unauthorized", "The API key is missing or wrong.")


@blueprint.errorhandler(Refused)
def render_refusal(refusal: Refused) -> tuple[Response, int]:
    """Answer a refusal in the API's one error format."""
    return jsonify(refusal.body()), refusal.status


@blueprint.post("/sessions")
def create_session() -> Response:
    """A one-time hosted page that returns to `return_url` and nowhere else."""
    return_url = read_return_url(read_body())

    def perform(connection: sqlite3.Connection, key: str) -> ledger.Outcome:
        session_id = ledger.new_id("cs")
        connection.execute(
            "INSERT INTO sessions (id, return_url, created_at) VALUES (?, ?, ?)",
            (session_id, return_url, ledger.now_text()),
        )
        return {"id": session_id, "url": f"{state().settings.public_url}{PREFIX}/pay/{session_id}"}, "", {}

    return _answer_once("session", perform)


@blueprint.post("/charges")
def create_charge() -> Response:
    """Authorize an amount on a token."""
    charge = read_charge(read_body())
    return _answer_once("charge", lambda connection, key: ledger.create_charge(connection, charge, key))


@blueprint.post("/charges/<charge_id>/captures")
def create_capture(charge_id: str) -> Response:
    """Take money that was authorized."""
    amount = read_amount(read_body())
    return _answer_once("capture", lambda connection, key: ledger.capture(connection, charge_id, amount, key))


@blueprint.post("/charges/<charge_id>/refunds")
def create_refund(charge_id: str) -> Response:
    """Give back money that was captured."""
    amount = read_amount(read_body())
    return _answer_once("refund", lambda connection, key: ledger.refund(connection, charge_id, amount, key))


@blueprint.post("/charges/<charge_id>/void")
def create_void(charge_id: str) -> Response:
    """Release an authorization."""
    read_body()
    return _answer_once("void", lambda connection, key: ledger.void(connection, charge_id, key))


@blueprint.post("/charges/<charge_id>/releases")
def create_release(charge_id: str) -> Response:
    """Release a part of an authorization that is not captured."""
    amount = read_amount(read_body())
    return _answer_once("release", lambda connection, key: ledger.release(connection, charge_id, amount, key))


@blueprint.get("/charges/<charge_id>")
def get_charge(charge_id: str) -> Response:
    """One charge with its movements."""
    with state().store.transaction() as connection:
        charge = ledger.get_charge(connection, charge_id)
        return jsonify(charge | {"movements": ledger.movements_of(connection, charge_id)})


@blueprint.get("/charges")
def list_charges() -> Response:
    """Charges by reference or idempotency key: how a merchant finds one whose answer was lost."""
    with state().store.transaction() as connection:
        charges = ledger.find_charges(
            connection, reference=request.args.get("reference"), key=request.args.get("idempotency_key")
        )
    return jsonify({"items": charges})


@blueprint.get("/balance")
def get_balance() -> Response:
    """Totals per currency."""
    with state().store.transaction() as connection:
        return jsonify(ledger.balance(connection))


@blueprint.post("/faults")
def arm_fault() -> tuple[Response, int]:
    """Make the next requests of an operation go wrong."""
    fault = read_fault(read_body())
    state().faults.arm(fault)
    return jsonify(asdict(fault)), 201


@blueprint.delete("/faults")
def clear_faults() -> tuple[str, int]:
    """Heal the processor."""
    state().faults.clear()
    return "", 204


def _answer_once(operation: str, perform: Perform) -> Response:
    """Carry out a keyed request once for ever: effect, event and answer are one transaction."""
    sandbox = state()
    key = request.headers.get("Idempotency-Key", "")
    if not 1 <= len(key) <= 255:
        raise Refused(400, "idempotency_key_required", "Send an Idempotency-Key of 1 to 255 characters.")
    hits = sandbox.faults.strike(operation)
    if FaultKind.ERROR_BEFORE in hits:
        raise Refused(500, "processor_error", "The processor failed before it did anything.")
    with sandbox.store.transaction() as connection:
        status, body, webhook_id = _recorded(connection, key) or _carry_out(sandbox, connection, key, perform, hits)
    if FaultKind.WEBHOOK_FIRST in hits and webhook_id:
        sandbox.sender.deliver(webhook_id)
    if FaultKind.DELAY in hits:
        time.sleep(hits[FaultKind.DELAY].seconds)
    if FaultKind.DROP_AFTER_COMMIT in hits:
        drop_connection(request.environ)
    return current_app.response_class(body, status=status, mimetype="application/json")


def _recorded(connection: sqlite3.Connection, key: str) -> tuple[int, str, str] | None:
    row = connection.execute("SELECT fingerprint, status, body FROM answers WHERE key = ?", (key,)).fetchone()
    if row is None:
        return None
    if row["fingerprint"] != _fingerprint():
        raise Refused(422, "idempotency_key_reused", "This Idempotency-Key was used with another request.")
    return row["status"], row["body"], ""


def _carry_out(
    sandbox: SandboxState, connection: sqlite3.Connection, key: str, perform: Perform, hits: dict[FaultKind, Fault]
) -> tuple[int, str, str]:
    webhook_id = ""
    status = 201
    answer: dict[str, Any]
    try:
        answer, event, event_fields = perform(connection, key)
    except Refused as refusal:
        status, answer, event, event_fields = refusal.status, refusal.body(), "", {}
    if event:
        # An event sent before the answer must not be sent by the webhook sender too.
        delay = 30.0 if FaultKind.WEBHOOK_FIRST in hits else sandbox.settings.webhook_delay_seconds
        copies = 2 if FaultKind.DUPLICATE_WEBHOOK in hits else 1
        webhook_id = webhooks.enqueue(connection, event, event_fields, delay=delay, copies=copies)
    body = json.dumps(answer)
    connection.execute("INSERT INTO answers VALUES (?, ?, ?, ?)", (key, _fingerprint(), status, body))
    return status, body, webhook_id


def _fingerprint() -> str:
    canonical = json.dumps(request.get_json(), sort_keys=True)
    return hashlib.sha256(f"{request.method} {request.path} {canonical}".encode()).hexdigest()
