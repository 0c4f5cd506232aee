"""Reactions to events of payments; each is safe to run twice and out of order."""

from __future__ import annotations

from services.orders.checkout.operations import apply_late_authorization, apply_late_decline
from services.orders.failures.rules import Failure, FailureKind
from services.orders.fulfillment.operations import count_capture, count_refund, note_failure
from shared.base.clock import now
from shared.data.events import handles
from shared.events.catalog.payments import (
    PaymentAuthorized,
    PaymentCaptured,
    PaymentCaptureFailed,
    PaymentDeclined,
    PaymentRefunded,
    PaymentRefundFailed,
)


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


@handles(PaymentCaptureFailed)
def note_failed_capture(event: PaymentCaptureFailed) -> None:
    """Record that the money of a shipment was not taken, for a person to decide."""
    _note(event.order_id, FailureKind.CAPTURE, event.shipment_id, event.amount, event.reason)


@handles(PaymentRefundFailed)
def note_failed_refund(event: PaymentRefundFailed) -> None:
    """Record that a refund was not made, for a person to decide."""
    _note(event.order_id, FailureKind.REFUND, event.return_id or event.refund_id, event.amount, event.reason)


def _note(order_id: str, kind: FailureKind, subject_id: str, amount: int, reason: str) -> None:
    failure = Failure(kind=kind, subject_id=subject_id, amount=amount, reason=reason, failed_at=now())
    note_failure(order_id, failure)
