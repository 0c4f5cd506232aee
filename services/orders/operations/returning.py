"""Taking goods back; payments refunds by event, stock is not put back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from http import HTTPStatus
from typing import Any

from services.orders.documents import Order
from services.orders.operations.common import retry_on_version_conflict, settings
from services.orders.operations.shipping import is_known
from services.orders.rules.fulfillment import plan_return
from services.orders.rules.presenting import shown_order
from shared.base.clock import today
from shared.observe.observability import get_logger
from shared.web.tokens import Principal

log = get_logger()


@retry_on_version_conflict
def return_items(
    staff: Principal,
    order_id: str,
    key: str,
    *,
    line_items: Sequence[Mapping[str, Any]],
    reference: str | None = None,
    returned_on: date | None = None,
) -> tuple[dict[str, Any], int]:
    """
    Take shipped units back and return the order and 201, or 200 when this return is there already.

    Raises InvalidInput for more than was shipped or captured, CapturePending while a capture is awaited.
    """
    order = Order.get(order_id, **staff.company_scope("orders:return"))
    if is_known(order.returns, key, reference):
        return shown_order(order.stored()), HTTPStatus.OK
    planned = plan_return(order.shipments, order.returns, order.refunds, line_items, order.currency)
    order.take_back(
        planned,
        returned_on=(returned_on or today()).isoformat(),
        settle_within=settings().settle_patience_seconds,
        reference=reference,
        idempotency_key=key,
    )
    order.commit()
    log.info("order_returned", order_id=order.id, lines=len(planned))
    return shown_order(order.stored()), HTTPStatus.CREATED
