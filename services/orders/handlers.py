"""Reactions to what payments tells; each is safe to run twice and out of order."""

from __future__ import annotations

from services.orders import operations
from shared.data.events import handles
from shared.events.catalog.payments import PaymentAuthorized, PaymentCaptured, PaymentDeclined, PaymentRefunded


@handles(PaymentAuthorized)
def confirm_paid_order(event: PaymentAuthorized) -> None:
    """Confirm the order whose authorisation was answered late."""
    operations.note_authorization(event.order_id, event.payment_id)


@handles(PaymentDeclined)
def refuse_unpaid_order(event: PaymentDeclined) -> None:
    """Refuse the order whose authorisation was declined late."""
    operations.note_decline(event.order_id, event.payment_id, event.reason)


@handles(PaymentCaptured)
def count_capture_towards_order(event: PaymentCaptured) -> None:
    operations.count_capture(event.order_id, event.shipment_id, event.amount)


@handles(PaymentRefunded)
def count_refund_towards_order(event: PaymentRefunded) -> None:
    operations.count_refund(event.order_id, event.refund_id, event.return_id, event.amount)
