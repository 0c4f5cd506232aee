"""Which orders are compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct, field
from pymongo.collection import Collection
from pymongo.cursor import Cursor

from services.orders.comparison.rules import ComparedOrder
from services.orders.config import OrdersSettings
from services.orders.orders.documents import Order
from services.orders.orders.rules import OrderStatus
from shared.base.ids import first_id_at
from shared.data.persistence import KEPT_EVENTS, database
from shared.data.struct_fields import read_each, stored_as
from shared.web.service import current_settings

# Nothing is left to ship of the last two.
ENDED = (OrderStatus.SHIPPED, OrderStatus.PARTIALLY_CANCELLED)
COMPARED = (OrderStatus.CONFIRMED, OrderStatus.PARTIALLY_SHIPPED, *ENDED)
SHOWN = {
    "status": 1,
    "payment_id": 1,
    "shipments.captured_amount": 1,
    "returns.refunded_amount": 1,
    "refunds.amount": 1,
}


class CapturedShipment(Struct, frozen=True):
    captured_amount: int | None = None


class RefundedReturn(Struct, frozen=True):
    refunded_amount: int | None = None


class RefundWithoutReturn(Struct, frozen=True):
    amount: int


class ShownOrder(Struct, frozen=True, kw_only=True):
    """What `SHOWN` reads of an order: its state and its money."""

    id: str = field(name="_id")
    status: OrderStatus = OrderStatus.PLACED
    payment_id: str | None = None
    shipments: list[CapturedShipment] = []
    returns: list[RefundedReturn] = []
    refunds: list[RefundWithoutReturn] = []


def confirmed_orders(between: tuple[datetime, datetime], limit: int) -> list[ComparedOrder]:
    """Return the newest confirmed orders that were placed between two moments and not changed after the second."""
    return read_each(find_confirmed(Order.collection(), between, limit), _compared)


def find_confirmed(
    collection: Collection[dict[str, Any]], between: tuple[datetime, datetime], limit: int
) -> Cursor[dict[str, Any]]:
    """Return the cursor of `confirmed_orders`: ids begin with their time, so only the range of `_id` is read."""
    earliest, latest = between
    wanted = {
        "_id": {"$gte": first_id_at(Order.id_prefix, earliest), "$lt": first_id_at(Order.id_prefix, latest)},
        "status": {"$in": [each.value for each in COMPARED]},
        "updated_at": {"$lt": latest},
    }
    return collection.find(wanted, SHOWN).sort("_id", -1).limit(limit)


def present_orders(order_ids: Iterable[str]) -> set[str]:
    """Return those of the ids that are orders."""
    return {each["_id"] for each in Order.collection().find({"_id": {"$in": list(order_ids)}}, {"_id": 1})}


def has_arrived_events() -> bool:
    """Return whether every subscriber has acknowledged every event of orders; on SNS, which does not tell, False."""
    if current_settings(OrdersSettings).event_broker != "redis":
        return False
    is_kept = database("orders")[KEPT_EVENTS].find_one({}, {"_id": 1}) is not None
    return not is_kept and Order.collection().find_one({"outbox.id": {"$exists": True}}, {"_id": 1}) is None


def _compared(stored: Mapping[str, Any]) -> ComparedOrder:
    order = stored_as(ShownOrder, stored)
    captured = sum(each.captured_amount or 0 for each in order.shipments)
    refunded = sum(each.refunded_amount or 0 for each in order.returns) + sum(each.amount for each in order.refunds)
    return ComparedOrder(order.id, bool(order.payment_id), captured, refunded, order.status in ENDED)
