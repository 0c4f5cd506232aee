"""Cancelling an order."""

from __future__ import annotations

from typing import Any

from services.orders.documents import Order
from services.orders.documents.cart import empty_cart
from services.orders.operations.common import retry_on_version_conflict, settings
from services.orders.rules.presenting import shown_order
from shared.observe.observability import get_logger
from shared.web.tokens import Principal

log = get_logger()


@retry_on_version_conflict
def cancel_order(principal: Principal, order_id: str, *, reason: str) -> dict[str, Any]:
    """Cancel an order of which nothing was shipped, for its company or as staff; OrderNotCancellable otherwise."""
    order = Order.get(order_id, **principal.company_scope("orders:write"))
    order.cancel(reason, repeat_after=settings().settle_patience_seconds)
    order.commit()
    if order.cart_key:
        empty_cart(order.cart_key)
    log.info("order_cancelled", order_id=order.id)
    return shown_order(order.stored())
