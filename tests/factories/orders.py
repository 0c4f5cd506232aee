"""Orders in any state, saved; one line each."""

from __future__ import annotations

from typing import Any

from services.orders.checkout.documents import next_order_number
from services.orders.fulfillment.documents import record_capture, record_shipment
from services.orders.fulfillment.rules import LineToShip, plan_shipment
from services.orders.orders.documents import Order
from services.orders.orders.rules import OrderLine, OrderStatus, Shipment
from shared.base.clock import now
from shared.base.ids import new_id
from tests.support import ACME

SETTLE_WITHIN = 60


def make_line(
    line_id: int = 1,
    *,
    sku: str = "BOLT",
    name: str = "Bolt",
    quantity: int = 10,
    unit_amount: str = "250",
    total_amount: int | None = None,
) -> OrderLine:
    """Return a line: ten bolts at 2.50 each unless changed; the total follows."""
    total = round(float(unit_amount) * quantity) if total_amount is None else total_amount
    return OrderLine(sku, quantity, line_id=str(line_id), name=name, unit_amount=unit_amount, total_amount=total)


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
        "total_amount": sum(line.total_amount for line in line_items),
        "payment_id": "pay_1",
        "idempotency_key": new_id("key"),
    }
    return Order(**(defaults | changes)).commit()


def make_shipment(order: Order, *wanted: LineToShip, captured_amount: int | None = None) -> Shipment:
    """Return the order's next shipment, not recorded: of the lines named, or of all that is left."""
    lines = plan_shipment(order.line_items, order.shipments, wanted or None)
    return Shipment(
        id=new_id("shp"),
        line_items=lines,
        amount=sum(line.amount for line in lines),
        captured_amount=captured_amount,
        shipped_at=now(),
        idempotency_key=new_id("key"),
    )


def make_shipped_order(*, is_captured: bool = True, **changes: Any) -> Order:
    """Save an order of which everything is shipped; captured unless `is_captured` is False."""
    order = make_order(**changes)
    shipment = make_shipment(order)
    record_shipment(order, shipment, settle_within=SETTLE_WITHIN)
    if is_captured:
        record_capture(order, shipment.id, shipment.amount)
    return order.commit()


def announced(order: Order) -> list[str]:
    """Return the names of the events the order recorded that are not relayed yet, shortened: `order_shipped`."""
    return [event["name"].split(".")[1] for event in Order.get(order.id).outbox]
