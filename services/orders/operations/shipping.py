"""Shipping an order, whole or in parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from services.orders.documents import Order
from services.orders.operations.common import retry_on_version_conflict, settings
from services.orders.rules.fulfillment import plan_shipment
from services.orders.rules.presenting import shown_order
from shared.observe.observability import get_logger
from shared.web.tokens import Principal

log = get_logger()


@retry_on_version_conflict
def ship_order(
    staff: Principal,
    order_id: str,
    key: str,
    *,
    reference: str | None = None,
    line_items: Sequence[Mapping[str, Any]] | None = None,
) -> tuple[dict[str, Any], int]:
    """
    Ship the lines named, or all that is left; return the order and 201, or 200 when this was shipped before.

    Raises OrderNotShippable, and InvalidInput for more than is left of a line.
    """
    order = Order.get(order_id, **staff.company_scope("orders:ship"))
    if is_known(order.shipments, key, reference):
        return shown_order(order.stored()), HTTPStatus.OK
    order.require_shippable()
    shipped = plan_shipment(order.line_items, order.shipments, line_items)
    order.ship(shipped, settle_within=settings().settle_patience_seconds, reference=reference, idempotency_key=key)
    order.commit()
    log.info("order_shipped", order_id=order.id, lines=len(shipped), status=order.status)
    return shown_order(order.stored()), HTTPStatus.CREATED


def is_known(parts: Sequence[Mapping[str, Any]], key: str, reference: str | None) -> bool:
    """Return whether a shipment or return of this request's key or reference is there."""
    return any(
        part["idempotency_key"] == key or (reference is not None and part["reference"] == reference) for part in parts
    )
