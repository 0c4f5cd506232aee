"""What the checkout looks up in MongoDB: order numbers, natural keys, and orders that are due."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pymongo import ReturnDocument

from services.orders.carts.documents import Cart
from services.orders.orders.documents import Order
from services.orders.orders.rules import WITHDRAWN
from shared.base.clock import now
from shared.data.persistence import database, retry_on_failover

NUMBER_PREFIX = "SO-"


def next_order_number() -> str:
    """Return the next number, such as `SO-000123`: rising and never given twice; one may stay unused."""
    return f"{NUMBER_PREFIX}{_counted():06d}"


def numeral_of(number: str) -> int | None:
    """Return what was counted for an order number, None for a number of another form."""
    counted = number.removeprefix(NUMBER_PREFIX)
    return int(counted) if counted.isascii() and counted.isdigit() else None


def highest_order_number() -> int:
    """Return the last number that was counted, 0 before the first order."""
    found = database("orders")["counters"].find_one({"_id": "order_number"})
    return int(found["value"]) if found else 0


def raise_order_number(least: int) -> None:
    """Let the next number be higher than `least`."""
    counters = database("orders")["counters"]
    counters.update_one({"_id": "order_number"}, {"$max": {"value": least}}, upsert=True)


def _counted() -> int:
    counters = database("orders")["counters"]
    counted: Any = retry_on_failover(
        lambda: counters.find_one_and_update(
            {"_id": "order_number"}, {"$inc": {"value": 1}}, upsert=True, return_document=ReturnDocument.AFTER
        )
    )
    return int(counted["value"])


def find_repeated(
    company_id: str, *, idempotency_key: str, reference: str | None, cart_key: str | None
) -> Order | None:
    """Return the order that holds one of these natural keys, or None."""
    keys = [{"company_id": company_id, "idempotency_key": idempotency_key}]
    keys += [{"company_id": company_id, "reference_key": reference}] if reference else []
    keys += [{"cart_key": cart_key}] if cart_key else []
    return Order.objects(__raw__={"$or": keys}).first()


def find_emptier(cart: Cart, *, since: datetime) -> Order | None:
    """Return the order that emptied the cart after `since`, None for a withdrawn one and when a person emptied it."""
    if cart.updated_at is None or cart.updated_at < since:
        return None
    return Order.objects(cart_key=cart.emptied_key, status__nin=list(WITHDRAWN)).first()


def due_order_ids(limit: int) -> list[str]:
    """Return the ids of orders whose sweep is due, longest due first."""
    found = Order.collection().find({"due_at": {"$lte": now()}}, {"_id": 1}).sort("due_at", 1).limit(limit)
    return [each["_id"] for each in found]


def ids_without_stock(order_ids: Iterable[str]) -> list[str]:
    """Return those of the ids whose order does not exist or was withdrawn: no stock may be reserved for it."""
    wanted = set(order_ids)
    alive = Order.collection().find({"_id": {"$in": list(wanted)}, "status": {"$nin": list(WITHDRAWN)}}, {"_id": 1})
    return sorted(wanted - {each["_id"] for each in alive})
