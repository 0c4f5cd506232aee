"""Orders in any state, saved; one line each."""

from __future__ import annotations

from typing import Any

from services.orders.documents import Order, next_order_number
from services.orders.rules.fulfillment import plan_shipment
from services.orders.rules.statuses import OrderStatus
from shared.base.ids import new_id
from tests.support import ACME

SETTLE_WITHIN = 60


def make_line(line_id: int = 1, **changes: Any) -> dict[str, Any]:
    """Return a stored line: ten bolts at 2.50 each unless changed; the total follows."""
    line: dict[str, Any] = {
        "line_id": str(line_id),
        "sku": "BOLT",
        "name": "Bolt",
        "quantity": 10,
        "unit_amount": "250",
    } | changes
    return {"total_amount": round(float(line["unit_amount"]) * line["quantity"])} | line


def make_order(**changes: Any) -> Order:
    """Save a confirmed, paid order of one line, changed as named."""
    line_items = changes.pop("line_items", None) or [make_line()]
    defaults = {
        "number": next_order_number(),
        "company_id": ACME,
        "placed_by": "usr_one",
        "ordered_on": "2026-01-05",
        "status": OrderStatus.CONFIRMED,
        "currency": "GBP",
        "line_items": line_items,
        "total_amount": sum(line["total_amount"] for line in line_items),
        "payment_id": "pay_1",
        "idempotency_key": new_id("key"),
    }
    return Order(**(defaults | changes)).commit()


def make_shipped_order(*, is_captured: bool = True, **changes: Any) -> Order:
    """Save an order that left whole; captured unless told otherwise."""
    order = make_order(**changes)
    lines = plan_shipment(order.line_items, [], None)
    order.ship(lines, settle_within=SETTLE_WITHIN, reference=None, idempotency_key=new_id("key"))
    if is_captured:
        order.count_capture(order.shipments[0]["id"], order.shipments[0]["amount"])
    return order.commit()


def announced(order: Order) -> list[str]:
    """Return the names of the events the order recorded and nobody relayed yet, shortened: `order_shipped`."""
    return [event["name"].split(".")[1] for event in Order.get(order.id).outbox]
