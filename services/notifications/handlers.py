"""Which events people are notified of; `rules` says what each mail says."""

from __future__ import annotations

from services.notifications import rules
from services.notifications.jobs import send_notification_mail
from services.notifications.operations import announce, announce_to_confirmed
from shared.data.events import handles
from shared.events.catalog.orders import (
    OrderCancelled,
    OrderConfirmed,
    OrderRemainderCancelled,
    OrderReturned,
    OrderShipped,
)
from shared.events.catalog.payments import PaymentRefunded


@handles(OrderConfirmed)
def notify_of_confirmation(event: OrderConfirmed) -> None:
    _send(announce(rules.order_confirmed(event)))


@handles(OrderShipped)
def notify_of_shipment(event: OrderShipped) -> None:
    _send(announce(rules.order_shipped(event)))


@handles(OrderReturned)
def notify_of_return(event: OrderReturned) -> None:
    _send(announce(rules.order_returned(event)))


@handles(OrderCancelled)
def notify_of_cancellation(event: OrderCancelled) -> None:
    _send(announce(rules.order_cancelled(event)))


@handles(OrderRemainderCancelled)
def notify_of_cancelled_remainder(event: OrderRemainderCancelled) -> None:
    _send(announce(rules.order_remainder_cancelled(event)))


@handles(PaymentRefunded)
def notify_of_refund(event: PaymentRefunded) -> None:
    _send(announce_to_confirmed(rules.payment_refunded(event)))


def _send(notification_ids: list[str]) -> None:
    for notification_id in notification_ids:
        send_notification_mail.enqueue(notification_id)
