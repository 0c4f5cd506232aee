"""What people are told when something happens to an order."""

from __future__ import annotations

from typing import Any

from services.notifications import operations, rules
from services.notifications.jobs import send_notification_mail
from services.notifications.operations import Announcement
from services.notifications.rules import NotificationKind
from shared.data.events import handles
from shared.events.catalog.orders import OrderCancelled, OrderConfirmed, OrderShipped
from shared.events.catalog.payments import PaymentRefunded


@handles(OrderConfirmed)
def tell_of_confirmation(event: OrderConfirmed) -> None:
    """Tell the buyer what was ordered and for how much."""
    lines = [{**each, "total": rules.money_text(each["total_amount"], event.currency)} for each in event.line_items]
    facts = {
        "number": event.number,
        "po_number": event.po_number,
        "total": rules.money_text(event.total_amount, event.currency),
        "line_items": lines,
        "lines_left_out": event.line_count - len(lines),
    }
    _send(operations.announce(_about_order(NotificationKind.ORDER_CONFIRMED, event.order_id, event, facts)))


@handles(OrderShipped)
def tell_of_shipment(event: OrderShipped) -> None:
    """Tell the buyer that a parcel left and whether more will follow."""
    facts = {
        "number": event.number,
        "is_complete": event.is_complete,
        "total": rules.money_text(event.amount, event.currency),
        "quantities": event.quantities,
    }
    _send(operations.announce(_about_order(NotificationKind.ORDER_SHIPPED, event.shipment_id, event, facts)))


@handles(OrderCancelled)
def tell_of_cancellation(event: OrderCancelled) -> None:
    """Tell the buyer that nothing will come; a refused order was told in the answer to placing it."""
    if not event.was_refused:
        facts = {"number": event.number, "reason": event.reason}
        _send(operations.announce(_about_order(NotificationKind.ORDER_CANCELLED, event.order_id, event, facts)))


@handles(PaymentRefunded)
def tell_of_refund(event: PaymentRefunded) -> None:
    """Tell those who were told of the order that money goes back."""
    announcement = Announcement(
        kind=NotificationKind.ORDER_REFUNDED,
        subject_id=event.refund_id,
        order_id=event.order_id,
        company_id=event.company_id,
        placed_by=None,
        acted_by=None,
        facts={"number": None, "total": rules.money_text(event.amount, event.currency)},
    )
    _send(operations.announce_refund(announcement))


def _about_order(
    kind: NotificationKind,
    subject_id: str,
    event: OrderConfirmed | OrderShipped | OrderCancelled,
    facts: dict[str, Any],
) -> Announcement:
    return Announcement(
        kind=kind,
        subject_id=subject_id,
        order_id=event.order_id,
        company_id=event.company_id,
        placed_by=event.placed_by,
        acted_by=event.acted_by,
        facts=facts,
    )


def _send(notification_ids: list[str]) -> None:
    for notification_id in notification_ids:
        send_notification_mail.enqueue(notification_id)
