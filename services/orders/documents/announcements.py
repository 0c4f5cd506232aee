"""What an order tells the other services, built from its stored state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.orders.rules.pricing import units_per_sku
from shared.events.catalog.orders import (
    ConfirmedLine,
    OrderCancelled,
    OrderConfirmed,
    OrderReturned,
    OrderShipped,
    ShippedQuantity,
)

LINES_ANNOUNCED = 20


def confirmed(order: Any) -> OrderConfirmed:
    announced = [
        ConfirmedLine(line["sku"], line["name"], line["quantity"], line["total_amount"])
        for line in order.line_items[:LINES_ANNOUNCED]
    ]
    return OrderConfirmed(
        **_parties(order),
        po_number=order.po_number,
        currency=order.currency,
        total_amount=order.total_amount,
        line_count=len(order.line_items),
        line_items=announced,
    )


def shipped(order: Any, shipment: Mapping[str, Any], *, is_complete: bool) -> OrderShipped:
    skus = {line["line_id"]: line["sku"] for line in order.line_items}
    lines = [{"sku": skus[line["line_id"]], "quantity": line["quantity"]} for line in shipment["line_items"]]
    return OrderShipped(
        **_parties(order),
        shipment_id=shipment["id"],
        payment_id=order.payment_id,
        currency=order.currency,
        amount=shipment["amount"],
        is_complete=is_complete,
        quantities=[ShippedQuantity(sku, quantity) for sku, quantity in units_per_sku(lines).items()],
    )


def returned(order: Any, entry: Mapping[str, Any]) -> OrderReturned:
    return OrderReturned(
        **_parties(order),
        return_id=entry["id"],
        payment_id=order.payment_id,
        currency=order.currency,
        amount=entry["amount"],
    )


def cancelled(order: Any, *, was_refused: bool) -> OrderCancelled:
    return OrderCancelled(
        **_parties(order),
        payment_id=order.payment_id,
        reason=order.status_reason,
        was_refused=was_refused,
    )


def _parties(order: Any) -> dict[str, Any]:
    return {
        "order_id": order.id,
        "number": order.number,
        "company_id": order.company_id,
        "placed_by": order.placed_by,
        "acted_by": order.acted_by,
    }
