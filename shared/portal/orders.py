"""An order as both portals show it: its answer, and its shipments and returns with product names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.portal.answers import Answer, Price


class OrderLine(Answer, frozen=True, kw_only=True):
    line_id: str
    sku: str
    name: str
    quantity: int
    unit_price: Price
    total: Price
    shipped_quantity: int
    returned_quantity: int
    cancelled_quantity: int = 0
    captured_total: Price | None = None
    refunded_total: Price | None = None


class LineUnits(Answer, frozen=True, kw_only=True):
    """Units of one order line in a shipment or return."""

    line_id: str
    quantity: int


class Shipment(Answer, frozen=True, kw_only=True):
    reference: str | None
    line_items: list[LineUnits]
    total: Price
    captured_total: Price
    failure: str | None = None
    shipped_at: str


class Return(Answer, frozen=True, kw_only=True):
    reference: str | None
    line_items: list[LineUnits]
    total: Price
    refunded_total: Price
    failure: str | None = None
    returned_on: str


class Failure(Answer, frozen=True, kw_only=True):
    """A capture (`kind`) of a shipment or a refund that was refused."""

    kind: str
    total: Price
    reason: str
    failed_at: str
    is_settled: bool


class OrderAnswer(Answer, frozen=True, kw_only=True):
    """What both portals show of an order; `allowed_actions` are the actions that its state allows."""

    id: str
    number: str
    status: str
    status_reason: str | None
    allowed_actions: list[str]
    reference: str | None
    po_number: str | None
    acted_by: str | None
    line_items: list[OrderLine]
    total: Price
    captured_total: Price
    refunded_total: Price
    cancelled_total: Price | None = None
    shipments: list[Shipment]
    returns: list[Return]
    failures: list[Failure] = []
    settlement_note: str | None = None
    created_at: str

    def allows(self, action: str) -> bool:
        return action in self.allowed_actions


@dataclass(frozen=True)
class MovedLine:
    sku: str
    name: str
    quantity: int


@dataclass(frozen=True)
class Entry:
    """
    A shipment or return: its day, its amount, and how much of it is `done` (captured or refunded).

    `has_failed`: its capture or refund was refused.
    """

    day: str
    reference: str | None
    total: Price
    done: Price
    line_items: list[MovedLine]
    has_failed: bool

    @property
    def units(self) -> int:
        return sum(line.quantity for line in self.line_items)


def find_lines(order: OrderAnswer, text: str) -> list[OrderLine]:
    """Return the lines whose SKU and name hold every word of `text`; all lines without one."""
    words = text.casefold().split()
    return [line for line in order.line_items if all(word in f"{line.sku} {line.name}".casefold() for word in words)]


def shipments_of(order: OrderAnswer) -> list[Entry]:
    """Return the order's shipments, oldest first."""
    return [
        Entry(
            each.shipped_at,
            each.reference,
            each.total,
            each.captured_total,
            _moved(order, each.line_items),
            each.failure is not None,
        )
        for each in order.shipments
    ]


def returns_of(order: OrderAnswer) -> list[Entry]:
    """Return the order's returns, oldest first."""
    return [
        Entry(
            each.returned_on,
            each.reference,
            each.total,
            each.refunded_total,
            _moved(order, each.line_items),
            each.failure is not None,
        )
        for each in order.returns
    ]


def _moved(order: OrderAnswer, moved: Sequence[LineUnits]) -> list[MovedLine]:
    lines = {line.line_id: line for line in order.line_items}
    return [MovedLine(lines[each.line_id].sku, lines[each.line_id].name, each.quantity) for each in moved]
