"""Charges, captures, refunds, voids and releases: the processor's books, guarded so that they always add up."""

from __future__ import annotations

import secrets
import sqlite3
from datetime import UTC, datetime
from typing import Any

from tools.psp_sandbox.cards import REUSABLE_TOKENS
from tools.psp_sandbox.errors import Refused

CHARGE_FIELDS = (
    "id",
    "status",
    "decline_code",
    "amount",
    "currency",
    "captured_amount",
    "refunded_amount",
    "reference",
    "idempotency_key",
    "created_at",
)
Body = dict[str, Any]
Outcome = tuple[Body, str, Body]
"""The answer, the type of the event that announces it, and that event's data."""


def new_id(prefix: str) -> str:
    """A fresh opaque id such as `ch_…`."""
    return f"{prefix}_{secrets.token_hex(12)}"


def now_text() -> str:
    """The current time as UTC ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def create_charge(connection: sqlite3.Connection, body: Body, key: str) -> Outcome:
    """Authorize or decline a token; 400 for an unknown one, 409 for one already used."""
    decline_code = _use_token(connection, body["token"])
    charge = {
        "id": new_id("ch"),
        "status": "declined" if decline_code else "authorized",
        "decline_code": decline_code,
        "amount": body["amount"],
        "currency": body["currency"],
        "captured_amount": 0,
        "refunded_amount": 0,
        "reference": body["reference"],
        "idempotency_key": key,
        "created_at": now_text(),
    }
    connection.execute(
        "INSERT INTO charges (id, status, decline_code, amount, currency, captured_amount, refunded_amount,"
        " reference, idempotency_key, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        tuple(charge[field] for field in CHARGE_FIELDS),
    )
    connection.execute("UPDATE tokens SET charge_id = ? WHERE id = ?", (charge["id"], body["token"]))
    return charge, f"charge.{charge['status']}", {"charge": charge}


def capture(connection: sqlite3.Connection, charge_id: str, amount: int, key: str) -> Outcome:
    """Take `amount` of what was authorized; 409 beyond it or on a declined or voided charge."""
    charge = get_charge(connection, charge_id)
    if charge["status"] != "authorized":
        raise Refused(409, "charge_not_capturable", f"The charge is {charge['status']}.")
    if amount > _uncaptured(connection, charge):
        raise Refused(409, "amount_too_large", "Captures would exceed the authorized amount.")
    connection.execute("UPDATE charges SET captured_amount = captured_amount + ? WHERE id = ?", (amount, charge_id))
    return _record_movement(connection, charge_id, "capture", amount, key, event="charge.captured")


def refund(connection: sqlite3.Connection, charge_id: str, amount: int, key: str) -> Outcome:
    """Give back `amount` of what was captured; 409 beyond it."""
    charge = get_charge(connection, charge_id)
    if amount > charge["captured_amount"] - charge["refunded_amount"]:
        raise Refused(409, "amount_too_large", "Refunds would exceed the captured amount.")
    connection.execute("UPDATE charges SET refunded_amount = refunded_amount + ? WHERE id = ?", (amount, charge_id))
    return _record_movement(connection, charge_id, "refund", amount, key, event="charge.refunded")


def void(connection: sqlite3.Connection, charge_id: str, key: str) -> Outcome:
    """Release an authorization of which nothing was captured; 409 otherwise."""
    charge = get_charge(connection, charge_id)
    if charge["status"] != "authorized" or charge["captured_amount"]:
        raise Refused(409, "charge_not_voidable", "Only an authorized, uncaptured charge can be voided.")
    connection.execute("UPDATE charges SET status = 'voided' WHERE id = ?", (charge_id,))
    return _record_movement(connection, charge_id, "void", charge["amount"], key, event="charge.voided")


def release(connection: sqlite3.Connection, charge_id: str, amount: int, key: str) -> Outcome:
    """Release `amount` of what was authorized and not captured; 409 beyond it or on a declined or voided charge."""
    charge = get_charge(connection, charge_id)
    if charge["status"] != "authorized":
        raise Refused(409, "charge_not_releasable", f"The charge is {charge['status']}.")
    if amount > _uncaptured(connection, charge):
        raise Refused(409, "amount_too_large", "Releases would exceed what is not captured.")
    return _record_movement(connection, charge_id, "release", amount, key, event="charge.released")


def _uncaptured(connection: sqlite3.Connection, charge: Body) -> int:
    """What can still be captured of a charge: authorized, not captured and not released."""
    query = "SELECT COALESCE(SUM(amount), 0) FROM movements WHERE charge_id = ? AND kind = 'release'"
    released = connection.execute(query, (charge["id"],)).fetchone()[0]
    return int(charge["amount"] - charge["captured_amount"] - released)


def get_charge(connection: sqlite3.Connection, charge_id: str) -> Body:
    """The charge as a dict; 404 if there is none."""
    row = connection.execute("SELECT * FROM charges WHERE id = ?", (charge_id,)).fetchone()
    if row is None:
        raise Refused(404, "charge_not_found", "There is no such charge.")
    return _charge(row)


def find_charges(
    connection: sqlite3.Connection, *, reference: str | None = None, key: str | None = None, limit: int = 100
) -> list[Body]:
    """Charges of a reference, of an idempotency key or (neither given) of all, newest first, at most `limit`."""
    given = {"reference": reference, "idempotency_key": key}
    wanted: dict[str, str | int] = {column: text for column, text in given.items() if text is not None}
    where = " AND ".join(f"{column} = :{column}" for column in wanted) or "1"
    rows = connection.execute(
        f"SELECT * FROM charges WHERE {where} ORDER BY rowid DESC LIMIT :limit",  # noqa: S608 (our own column names)
        wanted | {"limit": limit},
    )
    return [_charge(row) for row in rows]


def movements_of(connection: sqlite3.Connection, charge_id: str) -> list[Body]:
    """Captures, refunds, voids and releases of a charge, oldest first."""
    rows = connection.execute("SELECT * FROM movements WHERE charge_id = ? ORDER BY rowid", (charge_id,))
    return [dict(row) | {"status": "succeeded"} for row in rows]


def balance(connection: sqlite3.Connection) -> dict[str, dict[str, int]]:
    """Minor units per currency: all ever authorized, of it voided, captured and refunded."""
    rows = connection.execute(
        "SELECT currency, SUM(amount) AS authorized, SUM(CASE status WHEN 'voided' THEN amount ELSE 0 END) AS voided,"
        " SUM(captured_amount) AS captured, SUM(refunded_amount) AS refunded"
        " FROM charges WHERE status <> 'declined' GROUP BY currency ORDER BY currency"
    )
    return {row["currency"]: {name: row[name] for name in row.keys() if name != "currency"} for row in rows}  # noqa: SIM118 (a Row iterates values)


def _record_movement(
    connection: sqlite3.Connection, charge_id: str, kind: str, amount: int, key: str, *, event: str
) -> Outcome:
    movement = {"id": new_id(kind), "status": "succeeded", "amount": amount, "charge_id": charge_id}
    connection.execute(
        "INSERT INTO movements (id, charge_id, kind, amount, idempotency_key, created_at) VALUES (?, ?, ?, ?, ?, ?)",
        (movement["id"], charge_id, kind, amount, key, now_text()),
    )
    named = movement | {"idempotency_key": key}
    return movement, event, {"charge": get_charge(connection, charge_id), kind: named}


def _use_token(connection: sqlite3.Connection, token: str) -> str | None:
    if token in REUSABLE_TOKENS:
        return REUSABLE_TOKENS[token]
    row = connection.execute("SELECT decline_code, charge_id FROM tokens WHERE id = ?", (token,)).fetchone()
    if row is None:
        raise Refused(400, "token_unknown", "There is no such token.")
    if row["charge_id"] is not None:
        raise Refused(409, "token_used", "A token pays once.")
    decline_code: str | None = row["decline_code"]
    return decline_code


def _charge(row: sqlite3.Row) -> Body:
    return {field: row[field] for field in CHARGE_FIELDS}
