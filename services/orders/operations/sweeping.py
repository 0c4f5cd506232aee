"""Finds again what a dead process, a lost event or a lost answer left behind."""

from __future__ import annotations

from datetime import timedelta

from services.orders.clients import products
from services.orders.documents import Order
from services.orders.operations.common import settings
from services.orders.operations.saga import LEASE_SECONDS, PAYMENT_UNANSWERED, STOCK_UNANSWERED, carry_on, undo
from services.orders.rules.statuses import GONE, OrderStatus
from shared.base.clock import now
from shared.events.sweeps import sweep
from shared.observe.observability import get_logger

log = get_logger()

ORDERS_PER_SWEEP = 100
SECONDS_PER_ORDER = 10.0
SECONDS_PER_SWEEP = 90.0


def attend_due_orders() -> int:
    """Finish, undo or announce again every order that is due; return how many were looked at."""
    due = Order.due_ids(ORDERS_PER_SWEEP)
    return sweep(due, _attend, seconds=SECONDS_PER_SWEEP, seconds_each=SECONDS_PER_ORDER)


def _attend(order_id: str) -> None:
    """Take the order for a while, so that no other sweeper does, then do what its status needs."""
    order = Order.get(order_id)
    if order.due_at is None or order.due_at > now():
        return
    if order.status in GONE:
        order.announce_end()
        order.rest()
        order.commit()
        return
    order.attempts += 1
    order.wait_for_answer(at_least=LEASE_SECONDS)
    if not order.is_undecided:
        order.announce_again()
        order.commit()
        log.warning("settlement_awaited", order_id=order_id, attempts=order.attempts)
        return
    reason = _patience_ended(order)
    if reason:
        undo(order, reason)
        return
    carry_on(order.commit())


def _patience_ended(order: Order) -> str | None:
    if order.status == OrderStatus.PLACED:
        return STOCK_UNANSWERED if order.age_seconds > settings().stock_patience_seconds else None
    return PAYMENT_UNANSWERED if order.age_seconds > settings().payment_patience_seconds else None


def release_strays() -> int:
    """Give back stock that is held for orders which are gone or never were; return how many of them."""
    before = (now() - timedelta(seconds=settings().stray_after_seconds)).isoformat()
    released, cursor = 0, None
    while True:
        page = products().reservations(before=before, cursor=cursor)
        held = [entry["order_id"] for entry in page["items"]]
        alive = Order.collection().find({"_id": {"$in": held}, "status": {"$nin": list(GONE)}}, {"_id": 1})
        for order_id in sorted(set(held) - {each["_id"] for each in alive}):
            products().release(order_id)
            released += 1
            log.warning("stray_reservation_released", order_id=order_id)
        cursor = page["next_cursor"]
        if cursor is None:
            return released
