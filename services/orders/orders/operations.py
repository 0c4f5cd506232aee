"""Orders: reading, listing and cancelling them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, TypeVar

from services.orders.config import OrdersSettings
from services.orders.orders.documents import Order, OrderRecord
from services.orders.orders.rules import Cancellation, OrdersFilter, OrderStatus
from shared.base.errors import NotFound
from shared.base.preconditions import Precondition
from shared.data.pagination import Page, page
from shared.data.struct_fields import stored_as
from shared.data.version_conflicts import retry_on_version_conflict
from shared.observe.observability import get_logger
from shared.web.service import current_settings
from shared.web.tokens import Principal

log = get_logger()


class HasId(Protocol):
    """A part of an order: a shipment or a return."""

    id: str


Part = TypeVar("Part", bound=HasId)

UNREAD = {"outbox": 0, "idempotency_key": 0, "card_token": 0, "cart_key": 0, "shortages": 0}


def get_order(reader: Principal, order_id: str) -> OrderRecord:
    """Return one order; raise NotFound for another company's, as for one that does not exist."""
    return stored_as(OrderRecord, Order.get_fields(order_id, reader.company_scope("orders:read")))


def find_part(parts: Iterable[Part], part_id: str, noun: str) -> Part:
    """Return the shipment or return with this id; raise NotFound."""
    for part in parts:
        if part.id == part_id:
            return part
    raise NotFound(f"{noun} {part_id} was not found")


def list_orders(reader: Principal, wanted: OrdersFilter) -> Page[OrderRecord]:
    """Return one page of orders, newest first; it is empty for another company's."""
    scope = reader.company_scope("orders:read")
    if wanted.company_id and scope.get("company_id", wanted.company_id) != wanted.company_id:
        return Page([])
    filters: dict[str, Any] = {
        "company_id": wanted.company_id,
        "status": wanted.status or _usual_statuses(reader),
        "reference": wanted.reference,
        "needs_attention": wanted.needs_attention,
        "ordered_on": wanted.ordered_on.isoformat() if wanted.ordered_on else None,
    }
    query = {name: value for name, value in filters.items() if value is not None} | scope
    found = page(
        Order.collection(), query, sort=[("_id", -1, str)], cursor=wanted.cursor, limit=wanted.limit, fields=UNREAD
    )
    return found.readable(lambda stored: stored_as(OrderRecord, Order.decrypted(stored)))


def _usual_statuses(reader: Principal) -> dict[str, list[str]] | None:
    """Return the states that a list without `status` shows: to buyers all but refused tries to order."""
    if reader.covers_all("orders:read"):
        return None
    return {"$in": [status.value for status in OrderStatus if status != OrderStatus.REFUSED]}


@retry_on_version_conflict
def cancel_order(principal: Principal, order_id: str, cancellation: Cancellation, precondition: Precondition) -> Order:
    """
    Cancel an order of which nothing was shipped, for its company or as staff.

    The cart of a confirmed order stays empty, since the order keeps its key. Raises OrderNotCancellable.
    """
    order = Order.get(order_id, **principal.company_scope("orders:write"))
    precondition.require(order.revision)
    order.cancel(cancellation.reason, repeat_after=current_settings(OrdersSettings).settle_patience_seconds)
    order.commit()
    log.info("order_cancelled", order_id=order.id)
    return order
