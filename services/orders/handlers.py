"""Reactions to events of payments; each is safe to run twice and out of order."""

from __future__ import annotations

from services.orders.checkout.operations import apply_late_authorization, apply_late_decline
from services.orders.fulfillment.operations import count_capture, count_refund
from shared.data.events import handles
from shared.events.catalog.payments import PaymentAuthorized, PaymentCaptured, PaymentDeclined, PaymentRefunded


@handles(PaymentAuthorized)
def confirm_paid_order(event: PaymentAuthorized) -> None:
    """Confirm the order whose authorisation was answered late."""
    apply_late_authorization(event.order_id, event.payment_id)


@handles(PaymentDeclined)
def refuse_unpaid_order(event: PaymentDeclined) -> None:
    """Refuse the order whose authorisation was declined late."""
    apply_late_decline(event.order_id, event.payment_id, event.reason)


@handles(PaymentCaptured)
def count_capture_towards_order(event: PaymentCaptured) -> None:
    """Record what was captured of a shipment."""
    count_capture(event.order_id, event.shipment_id, event.amount)


@handles(PaymentRefunded)
def count_refund_towards_order(event: PaymentRefunded) -> None:
    """Record what was refunded of a return, or without one."""
    count_refund(event.order_id, event.refund_id, event.return_id, event.amount)
