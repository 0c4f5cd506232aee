"""The kinds of notifications, what each says, and when a mail is retried: plain values in and out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

import msgspec

from shared.base.money import money_text
from shared.base.pages import PageRequest
from shared.events.catalog.orders import (
    OrderCancelled,
    OrderConfirmed,
    OrderRemainderCancelled,
    OrderReturned,
    OrderShipped,
)
from shared.events.catalog.payments import PaymentRefunded

# Long enough for the job that was started with the notification to finish first.
FIRST_SWEEP_AFTER = timedelta(seconds=20)
LONGEST_RETRY_DELAY = timedelta(hours=1)
MOST_ATTEMPTS = 12


class NotificationKind(StrEnum):
    ORDER_CONFIRMED = "order_confirmed"
    ORDER_SHIPPED = "order_shipped"
    ORDER_RETURNED = "order_returned"
    ORDER_REFUNDED = "order_refunded"
    ORDER_CANCELLED = "order_cancelled"
    ORDER_REMAINDER_CANCELLED = "order_remainder_cancelled"


class NotificationStatus(StrEnum):
    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"


class ConfirmedLine(msgspec.Struct, frozen=True):
    """A line of a confirmed order; `total` is text such as `£1,020.00`."""

    sku: str
    name: str
    quantity: int
    total: str


class ShippedQuantity(msgspec.Struct, frozen=True):
    """Units of one SKU in a shipment, or in what will not be shipped; `name` is None beyond the first lines."""

    sku: str
    quantity: int
    name: str | None = None


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a mail says of an order; `number` is None for an order whose number is not known. Amounts are text."""

    number: str | None = None

    @property
    def order(self) -> str:
        return f"order {self.number}" if self.number else "your order"

    @property
    def subject(self) -> str:
        """The subject line of the mail."""
        raise NotImplementedError


class Confirmation(Facts, frozen=True, kw_only=True):
    """At most the first 20 lines of the order; `lines_left_out` counts the others."""

    po_number: str | None
    total: str
    line_items: list[ConfirmedLine]
    lines_left_out: int

    @property
    def subject(self) -> str:
        return f"Confirmed: {self.order}"


class Shipment(Facts, frozen=True, kw_only=True):
    """A shipment; `is_complete` when nothing of the order is left to ship."""

    is_complete: bool
    total: str
    quantities: list[ShippedQuantity]

    @property
    def subject(self) -> str:
        return f"Shipped: {self.order}" if self.is_complete else f"Partly shipped: {self.order}"


class Return(Facts, frozen=True, kw_only=True):
    """Goods that came back; `is_refunded` when a refund of `total` follows."""

    total: str
    is_refunded: bool

    @property
    def subject(self) -> str:
        return f"Return received: {self.order}"


class Refund(Facts, frozen=True, kw_only=True):
    """Money that went back to the card."""

    total: str

    @property
    def subject(self) -> str:
        return f"Refunded: {self.total} for {self.order}"


class Cancellation(Facts, frozen=True, kw_only=True):
    """An order that will not be shipped, with the reason that was typed."""

    reason: str

    @property
    def subject(self) -> str:
        return f"Cancelled: {self.order}"


class RemainderCancellation(Facts, frozen=True, kw_only=True):
    """What was left of a partly shipped order and will not come; `total` is not charged."""

    reason: str
    total: str
    quantities: list[ShippedQuantity]

    @property
    def subject(self) -> str:
        return f"Shipped, rest cancelled: {self.order}"


FACTS: Mapping[NotificationKind, type[Facts]] = {
    NotificationKind.ORDER_CONFIRMED: Confirmation,
    NotificationKind.ORDER_SHIPPED: Shipment,
    NotificationKind.ORDER_RETURNED: Return,
    NotificationKind.ORDER_REFUNDED: Refund,
    NotificationKind.ORDER_CANCELLED: Cancellation,
    NotificationKind.ORDER_REMAINDER_CANCELLED: RemainderCancellation,
}


@dataclass(frozen=True)
class Announcement:
    """
    One event to announce: `subject_id` is the order, shipment, return or refund it happened to.

    Without `placed_by`, or when a rep acted (`acted_by`), the recipients are the company's contacts, not one user.
    """

    kind: NotificationKind
    subject_id: str
    order_id: str
    company_id: str
    placed_by: str | None
    acted_by: str | None
    facts: Facts


@dataclass(frozen=True, kw_only=True)
class NotificationsFilter(PageRequest):
    """Which notifications are listed: those of one order, or all."""

    order_id: str | None = None


def order_confirmed(event: OrderConfirmed) -> Announcement:
    """Announce to the buyer what was ordered and for how much."""
    lines = [
        ConfirmedLine(each.sku, each.name, each.quantity, money_text(each.total_amount, event.currency))
        for each in event.line_items
    ]
    facts = Confirmation(
        number=event.number,
        po_number=event.po_number,
        total=money_text(event.total_amount, event.currency),
        line_items=lines,
        lines_left_out=event.line_count - len(lines),
    )
    return _about_order(NotificationKind.ORDER_CONFIRMED, event.order_id, event, facts)


def order_shipped(event: OrderShipped) -> Announcement:
    """Announce to the buyer that a parcel left and whether more will follow."""
    facts = Shipment(
        number=event.number,
        is_complete=event.is_complete,
        total=money_text(event.amount, event.currency),
        quantities=[ShippedQuantity(each.sku, each.quantity, each.name) for each in event.quantities],
    )
    return _about_order(NotificationKind.ORDER_SHIPPED, event.shipment_id, event, facts)


def order_returned(event: OrderReturned) -> Announcement:
    """Announce to the buyer what the returned goods are worth and whether a refund follows."""
    is_refunded = event.payment_id is not None and event.amount > 0
    facts = Return(number=event.number, total=money_text(event.amount, event.currency), is_refunded=is_refunded)
    return _about_order(NotificationKind.ORDER_RETURNED, event.return_id, event, facts)


# Why an order was refused, as its event names it.
REFUSALS = {
    "out_of_stock": "Not everything was in stock.",
    "payment_declined": "The card was declined. Please order again with another card.",
    "stock_unanswered": "The stock could not be confirmed in time. Please order again.",
    "payment_unanswered": "The payment was not confirmed in time. Please order again.",
    "older_copy": "The order could not be placed. Please order again.",
}


def order_cancelled(event: OrderCancelled) -> Announcement | None:
    """Announce to the buyer that nothing will come; None for an order that was refused before the buyer's eyes."""
    if event.was_refused and not event.was_awaited:
        return None
    reason = REFUSALS.get(event.reason, event.reason) if event.was_refused else event.reason
    facts = Cancellation(number=event.number, reason=reason)
    return _about_order(NotificationKind.ORDER_CANCELLED, event.order_id, event, facts)


def order_remainder_cancelled(event: OrderRemainderCancelled) -> Announcement:
    """Announce to the buyer what will not come and will not be charged."""
    facts = RemainderCancellation(
        number=event.number,
        reason=event.reason,
        total=money_text(event.amount, event.currency),
        quantities=[ShippedQuantity(each.sku, each.quantity, each.name) for each in event.quantities],
    )
    return _about_order(NotificationKind.ORDER_REMAINDER_CANCELLED, event.order_id, event, facts)


def payment_refunded(event: PaymentRefunded) -> Announcement:
    """Announce that money goes back; payments knows neither the order's number nor who placed it."""
    return Announcement(
        kind=NotificationKind.ORDER_REFUNDED,
        subject_id=event.refund_id,
        order_id=event.order_id,
        company_id=event.company_id,
        placed_by=None,
        acted_by=None,
        facts=Refund(total=money_text(event.amount, event.currency)),
    )


def _about_order(
    kind: NotificationKind,
    subject_id: str,
    event: OrderConfirmed | OrderShipped | OrderReturned | OrderCancelled | OrderRemainderCancelled,
    facts: Facts,
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


def one_line(text: str) -> str:
    """Return the text without line breaks and control characters, so that it cannot start another mail header."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def retry_delay(attempts: int) -> timedelta:
    """Return the delay after the `attempts`-th failed attempt: 40 s, 80 s … one hour."""
    doubled: timedelta = FIRST_SWEEP_AFTER * 2 ** min(attempts, 10)
    return min(LONGEST_RETRY_DELAY, doubled)


def message_id(notification_id: str, sender: str) -> str:
    """Return the Message-ID of a notification's mail, the same for each attempt."""
    return f"<{notification_id}@{sender.rpartition('@')[2]}>"
