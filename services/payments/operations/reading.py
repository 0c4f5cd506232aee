"""Reading payments: plain mappings, one query each, limited to what the reader may see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.payments.documents import Payment, Transaction
from shared.data.pagination import Page, page
from shared.web.tokens import Principal

HIDDEN = {"outbox": 0, "card_token": 0}


def get_payment(reader: Principal, payment_id: str) -> dict[str, Any]:
    """Return one payment as its API shows it; raise NotFound for one of another company."""
    return show_payment(Payment.get_fields(payment_id, reader.company_scope("payments:read")))


def list_payments(reader: Principal, *, order_id: str | None, cursor: str | None, limit: int) -> Page[dict[str, Any]]:
    """Return a page of payments, newest first."""
    query: dict[str, Any] = reader.company_scope("payments:read")
    if order_id is not None:
        query = {**query, "order_id": order_id}
    found = page(Payment.collection(), query, sort=[("_id", -1, str)], cursor=cursor, limit=limit, fields=HIDDEN)
    return found.map(show_payment)


def show_payment(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stored payment with its amounts as money."""
    currency = document["currency"]
    return {
        **document,
        "id": document["_id"],
        "amount": _money(document["amount"], currency),
        "captured_total": _money(document["captured_amount"], currency),
        "refunded_total": _money(document["refunded_amount"], currency),
        "transactions": [
            {**each, "amount": _money(each["amount"], currency)} for each in document.get("transactions", [])
        ],
    }


def show_transaction(transaction: Transaction, currency: str) -> dict[str, Any]:
    """Return a transaction with its amount as money."""
    return {**transaction.to_mongo(), "amount": _money(transaction.amount, currency)}


def _money(amount: int, currency: str) -> dict[str, Any]:
    return {"amount": amount, "currency": currency}
