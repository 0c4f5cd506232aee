"""What the page of an order shows: lines that are open, and what can be refunded."""

from __future__ import annotations

from dataclasses import dataclass

from portals.admin.orders.client import Order, Payment
from shared.portal.answers import Price


@dataclass(frozen=True)
class OpenLine:
    """A line of an order with the units that are `left` to ship, or to return."""

    line_id: str
    sku: str
    name: str
    left: int


def lines_to_ship(order: Order) -> list[OpenLine]:
    """Return the lines that are not wholly shipped; none while the order cannot be shipped."""
    if not order.allows("ship"):
        return []
    return _open(order, [line.quantity - line.shipped_quantity for line in order.line_items])


def lines_to_return(order: Order) -> list[OpenLine]:
    """Return the lines of which units were shipped and not returned."""
    if not order.allows("return"):
        return []
    return _open(order, [line.shipped_quantity - line.returned_quantity for line in order.line_items])


def _open(order: Order, left: list[int]) -> list[OpenLine]:
    return [
        OpenLine(line.line_id, line.sku, line.name, units)
        for line, units in zip(order.line_items, left, strict=True)
        if units > 0
    ]


def refundable(payment: Payment | None) -> Price | None:
    """Return what can be refunded without a return, None when that is nothing."""
    if payment is None or "refund" not in payment.allowed_actions:
        return None
    left = int(payment.captured_total.amount) - int(payment.refunded_total.amount)
    return Price(left, payment.captured_total.currency) if left > 0 else None
