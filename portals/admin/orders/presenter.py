"""What the page of an order shows: lines that are open, entries with product names, what can be refunded."""

from __future__ import annotations

from dataclasses import dataclass

from portals.admin.orders.client import Order, OrderLine, Payment, Return, Shipment
from shared.portal.answers import Price


@dataclass(frozen=True)
class OpenLine:
    """A line of an order with the units that are `left` to ship, or to return."""

    line_id: str
    sku: str
    name: str
    left: int


@dataclass(frozen=True)
class MovedLine:
    sku: str
    name: str
    quantity: int


@dataclass(frozen=True)
class Entry:
    """A shipment or return: its day, its amount, and how much of it is `done` (captured or refunded)."""

    day: str
    reference: str | None
    total: Price
    done: Price
    line_items: list[MovedLine]


def lines_to_ship(order: Order) -> list[OpenLine]:
    """Return the lines that are not wholly shipped; none while the order cannot be shipped."""
    if "ship" not in order.allowed_actions:
        return []
    return _open(order, [line.quantity - line.shipped_quantity for line in order.line_items])


def lines_to_return(order: Order) -> list[OpenLine]:
    """Return the lines of which units were shipped and not returned."""
    if "return" not in order.allowed_actions:
        return []
    return _open(order, [line.shipped_quantity - line.returned_quantity for line in order.line_items])


def _open(order: Order, left: list[int]) -> list[OpenLine]:
    return [
        OpenLine(line.line_id, line.sku, line.name, units)
        for line, units in zip(order.line_items, left, strict=True)
        if units > 0
    ]


def shipments_of(order: Order) -> list[Entry]:
    """Return the order's shipments, newest first."""
    return [
        Entry(each.shipped_at, each.reference, each.total, each.captured_total, _moved(order, each))
        for each in reversed(order.shipments)
    ]


def returns_of(order: Order) -> list[Entry]:
    """Return the order's returns, newest first."""
    return [
        Entry(each.returned_on, each.reference, each.total, each.refunded_total, _moved(order, each))
        for each in reversed(order.returns)
    ]


def _moved(order: Order, entry: Shipment | Return) -> list[MovedLine]:
    lines: dict[str, OrderLine] = {line.line_id: line for line in order.line_items}
    return [
        MovedLine(lines[moved.line_id].sku, lines[moved.line_id].name, moved.quantity) for moved in entry.line_items
    ]


def refundable(payment: Payment | None) -> Price | None:
    """Return what can be refunded without a return, None when that is nothing."""
    if payment is None or "refund" not in payment.allowed_actions:
        return None
    left = int(payment.captured_total.amount) - int(payment.refunded_total.amount)
    return Price(left, payment.captured_total.currency) if left > 0 else None
