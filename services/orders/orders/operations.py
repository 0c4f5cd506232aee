"""Orders: reading and cancelling one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from services.orders.config import OrdersSettings
from services.orders.orders.documents import Order, OrderRecord
from services.orders.orders.rules import Cancellation
from shared.base.errors import NotFound
from shared.base.preconditions import Precondition
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


def get_order(reader: Principal, order_id: str) -> OrderRecord:
    """Return one order; raise NotFound for another company's, as for one that does not exist."""
    return stored_as(OrderRecord, Order.get_fields(order_id, reader.company_scope("orders:read")))


def find_part(parts: Iterable[Part], part_id: str, noun: str) -> Part:
    """Return the shipment or return with this id; raise NotFound."""
    for part in parts:
        if part.id == part_id:
            return part
    raise NotFound(f"{noun} {part_id} was not found")


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
