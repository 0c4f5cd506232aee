"""What the page of an order shows: its progress, and its shipments and returns with product names."""

from __future__ import annotations

from dataclasses import dataclass

from portals.customer.orders.client import Order, Return, Shipment
from shared.portal.answers import Price
from shared.portal.statuses import Step, status_word

WAITING = ("placed", "pending_payment")
ENDED = ("cancelled", "refused")


@dataclass(frozen=True)
class MovedLine:
    sku: str
    name: str
    quantity: int


@dataclass(frozen=True)
class Entry:
    """A shipment or return: its day, its amount, and how much of it is `done` (charged or refunded)."""

    day: str
    reference: str | None
    total: Price
    done: Price
    line_items: list[MovedLine]


def timeline(order: Order) -> list[Step]:
    """Return the progress of an order: placed, confirmed, shipped, or where it ended; an unknown status by its name."""
    placed = Step("Placed", "done", order.created_at)
    confirmed = Step("Confirmed", "done")
    shipped_at = order.shipments[-1].shipped_at if order.shipments else None
    word = status_word("order", order.status).label
    steps = {
        "confirmed": [placed, confirmed, Step("Shipped", "next")],
        "partially_shipped": [placed, confirmed, Step(word, "half", shipped_at, "The rest follows")],
        "shipped": [placed, confirmed, Step("Shipped", "done", shipped_at)],
    }
    if order.status in WAITING:
        return [placed, Step("Confirmed", "next"), Step("Shipped", "next")]
    if order.status in ENDED:
        return [placed, Step(word, "stopped", order.updated_at, order.status_reason or "")]
    return steps.get(order.status) or [placed, Step(word, "half", order.updated_at)]


def shipments_of(order: Order) -> list[Entry]:
    """Return the order's shipments, oldest first."""
    return [
        Entry(each.shipped_at, each.reference, each.total, each.captured_total, _moved(order, each))
        for each in order.shipments
    ]


def returns_of(order: Order) -> list[Entry]:
    """Return the order's returns, oldest first."""
    return [
        Entry(each.returned_on, each.reference, each.total, each.refunded_total, _moved(order, each))
        for each in order.returns
    ]


def _moved(order: Order, entry: Shipment | Return) -> list[MovedLine]:
    lines = {line.line_id: line for line in order.line_items}
    return [
        MovedLine(lines[moved.line_id].sku, lines[moved.line_id].name, moved.quantity) for moved in entry.line_items
    ]
