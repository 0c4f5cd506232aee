"""The verbs of payments: authorise, capture, refund, void, settle by webhook, and read."""

from __future__ import annotations

from services.payments.operations.authorizing import authorize_payment, resolve_authorization
from services.payments.operations.moving import (
    Pending,
    carry_out,
    carry_out_due,
    find_due,
    record_capture,
    record_refund,
    record_void,
    refund_payment,
)
from services.payments.operations.reading import get_payment, list_payments, show_payment
from services.payments.operations.sessions import open_card_page
from services.payments.operations.settling import settle_by_webhook

__all__ = [
    "Pending",
    "authorize_payment",
    "carry_out",
    "carry_out_due",
    "find_due",
    "get_payment",
    "list_payments",
    "open_card_page",
    "record_capture",
    "record_refund",
    "record_void",
    "refund_payment",
    "resolve_authorization",
    "settle_by_webhook",
    "show_payment",
]
