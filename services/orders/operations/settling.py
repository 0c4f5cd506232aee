"""What payments tells after the fact: late answers, captures and refunds; each is safe twice and out of order."""

from __future__ import annotations

from services.orders.clients import PaymentAnswer
from services.orders.documents import Order
from services.orders.operations.common import settings
from services.orders.operations.saga import note_payment
from services.orders.rules.statuses import GONE, OrderStatus
from shared.observe.observability import get_logger

log = get_logger()


def note_authorization(order_id: str, payment_id: str) -> None:
    """Confirm an order that waited for this; one that was gone before it had a payment tells payments to void it."""
    order = Order.get(order_id)
    if order.status in GONE and order.payment_id is None:
        order.payment_id = payment_id
        order.announce_end()
        order.wait(settings().settle_patience_seconds)
        order.commit()
        log.warning("authorization_too_late", order_id=order_id, status=order.status)
    elif order.status == OrderStatus.PENDING_PAYMENT:
        note_payment(order, PaymentAnswer("authorized", payment_id))


def note_decline(order_id: str, payment_id: str, reason: str) -> None:
    """Refuse an order that waited for this; a decided one stays as it is."""
    order = Order.get(order_id)
    if order.status == OrderStatus.PENDING_PAYMENT:
        note_payment(order, PaymentAnswer("declined", payment_id, reason))


def count_capture(order_id: str, shipment_id: str, amount: int) -> None:
    order = Order.get(order_id)
    if order.count_capture(shipment_id, amount):
        order.commit()
        log.info("capture_counted", order_id=order_id, shipment_id=shipment_id)


def count_refund(order_id: str, refund_id: str, return_id: str | None, amount: int) -> None:
    order = Order.get(order_id)
    if order.count_refund(refund_id, return_id, amount):
        order.commit()
        log.info("refund_counted", order_id=order_id, refund_id=refund_id)
