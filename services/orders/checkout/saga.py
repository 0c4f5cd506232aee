"""
The saga of a placed order: stock, then payment, then confirmation; one commit per step, safe to run again.

The sweeper runs it again for orders that a crash, a lost event or a timeout left unfinished.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from services.orders.carts.documents import Cart
from services.orders.checkout.documents import due_order_ids, ids_without_stock, numeral_of, raise_order_number
from services.orders.checkout.rules import decline_reason
from services.orders.clients import PaymentAnswer, payments, products
from services.orders.config import OrdersSettings
from services.orders.errors import OrderNumberTaken, OutOfStock, Shortage
from services.orders.fulfillment.documents import publish_unsettled
from services.orders.orders.documents import Order
from services.orders.orders.rules import OrderAction, units_per_sku
from shared.base import deadline
from shared.base.clock import now
from shared.base.errors import VersionConflict
from shared.calls.service_client import UpstreamUnavailable
from shared.data.older_copies import OlderCopy, note_older_copy, older_copies
from shared.events.sweeps import sweep
from shared.observe.metrics import counter
from shared.observe.observability import get_logger
from shared.web.service import current_settings

log = get_logger()

CONFIRMED = counter("orders_confirmed_total", "Orders with stock held and payment authorised")
VALUE = counter("order_value_minor_units_total", "Value of confirmed orders in minor units", ["currency"])
FAILURES = counter("checkout_failures_total", "Orders that were not confirmed at once, by reason", ["reason"])

# Reasons of a refusal, as the order's `status_reason` keeps them.
OUT_OF_STOCK = "out_of_stock"
PAYMENT_DECLINED = "payment_declined"
STOCK_TIMEOUT = "stock_unanswered"
PAYMENT_TIMEOUT = "payment_unanswered"
OLDER_COPY = "older_copy"

# Kept back of the request's time, to commit the order's state and to answer the buyer.
ANSWER_SECONDS = 0.5
DEFAULT_SECONDS = 15.0
# Longer than a request may still be at work after its deadline, so that the sweeper does not interfere.
LEASE_SECONDS = 30.0

ORDERS_PER_SWEEP = 100
SECONDS_PER_ORDER = 10.0
SECONDS_PER_SWEEP = 90.0


def lease_seconds() -> float:
    """Return how long an order belongs to the request that is placing it."""
    return deadline.remaining(DEFAULT_SECONDS) + LEASE_SECONDS


def run_saga(order: Order) -> Order:
    """
    Run the steps that the order has left, in the time left, and return the order as it is stored then.

    After an upstream timeout the order keeps the step it reached and is left to the sweeper. After a version conflict
    (with the sweeper, a late answer, a cancellation) the stored order is returned: every call is keyed by the order id,
    so that no step has its effect twice.
    """
    try:
        with deadline.start(max(0.0, deadline.remaining(DEFAULT_SECONDS) - ANSWER_SECONDS)):
            return _run_steps(order)
    except (UpstreamUnavailable, deadline.DeadlineExceeded) as failure:
        FAILURES.labels("unanswered").inc()
        log.warning("order_pending_upstream_timeout", order_id=order.id, status=order.status, reason=str(failure))
        return leave_to_sweeper(order)
    except VersionConflict:
        log.info("order_saga_version_conflict", order_id=order.id)
        return Order.get(order.id)


def _run_steps(order: Order) -> Order:
    if order.allows(OrderAction.RESERVE):
        reserve_stock(order)
    if order.allows(OrderAction.CONFIRM):
        answer = payments().authorize(
            order_id=order.id,
            company_id=order.company_id,
            amount=order.total_amount,
            currency=order.currency,
            token=order.card_token or "",
        )
        apply_payment_answer(order, answer)
    return order


def reserve_stock(order: Order) -> None:
    """Reserve the order's stock or refuse the order; one that costs nothing is confirmed by it."""
    try:
        products().reserve(order.id, units_per_sku(order.line_items), order_number=numeral_of(order.number))
    except OrderNumberTaken as proof:
        note_older_copy("orders", OlderCopy("orders", f"it gave the number {order.number} a second time", [order.id]))
        raise_order_number(proof.highest)
        refuse(order, OLDER_COPY)
        return
    except OutOfStock as refusal:
        refuse(order, OUT_OF_STOCK, shortages=refusal.shortages)
        return
    order.reserve()
    if order.total_amount:
        order.commit()
    else:
        confirm(order, None)


def apply_payment_answer(order: Order, answer: PaymentAnswer) -> None:
    """Confirm or refuse the order; a pending payment is decided by a later event or by the sweeper."""
    if answer.status == "authorized":
        confirm(order, answer.payment_id)
    elif answer.status == "declined":
        order.decline_reason = decline_reason(answer.reason)
        refuse(order, PAYMENT_DECLINED, payment_id=answer.payment_id)
    else:
        order.payment_id = answer.payment_id
        order.schedule_retry()
        order.commit()


def confirm(order: Order, payment_id: str | None) -> None:
    """Confirm the order and empty the cart it was made of."""
    order.confirm(payment_id)
    order.commit()
    after_confirmation(order)


def after_confirmation(order: Order) -> None:
    """Count the confirmed order and empty its cart: the steps that a crash after the commit skips."""
    CONFIRMED.inc()
    VALUE.labels(order.currency).inc(order.total_amount)
    log.info("order_confirmed", order_id=order.id, lines=len(order.line_items))
    if order.cart_key:
        Cart.empty_ordered(order.cart_key)


def refuse(order: Order, reason: str, *, payment_id: str | None = None, shortages: Sequence[Shortage] = ()) -> None:
    """Refuse the order; its event makes products release the stock and payments void the authorisation."""
    repeat_after = current_settings(OrdersSettings).settle_patience_seconds
    order.refuse(reason, repeat_after=repeat_after, payment_id=payment_id, shortages=shortages)
    order.commit()
    FAILURES.labels(reason).inc()
    log.info("order_refused", order_id=order.id, reason=reason)


def leave_to_sweeper(order: Order) -> Order:
    """Schedule the sweeper for an order whose upstream did not answer; return the order as stored."""
    order.schedule_retry()
    try:
        return order.commit()
    except VersionConflict:
        return Order.get(order.id)


def sweep_due_orders() -> int:
    """Finish, refuse or publish again every order that is due; return how many were swept."""
    due = due_order_ids(ORDERS_PER_SWEEP)
    return sweep(due, _sweep_order, seconds=SECONDS_PER_SWEEP, seconds_each=SECONDS_PER_ORDER)


def _sweep_order(order_id: str) -> None:
    """Do what the order's state needs; the commit before a call is the lease that keeps other sweepers away."""
    order = Order.get(order_id)
    if not order.is_due:
        return
    if order.is_withdrawn:
        order.publish_withdrawal()
        order.unschedule_sweep()
        order.commit()
        return
    order.attempts += 1
    order.schedule_retry(at_least=LEASE_SECONDS)
    if not order.is_undecided:
        publish_unsettled(order)
        order.commit()
        log.warning("settlement_pending_retry", order_id=order_id, attempts=order.attempts)
        return
    reason = _expired_wait(order)
    if reason:
        refuse(order, reason)
    else:
        run_saga(order.commit())


def _expired_wait(order: Order) -> str | None:
    """Return why an undecided order is refused now, None while its upstream may still answer."""
    settings = current_settings(OrdersSettings)
    if order.allows(OrderAction.RESERVE):
        return STOCK_TIMEOUT if order.age_seconds > settings.stock_patience_seconds else None
    return PAYMENT_TIMEOUT if order.age_seconds > settings.payment_patience_seconds else None


def release_stray_reservations() -> int:
    """
    Release stock that is reserved for withdrawn or unknown orders; return for how many orders.

    None is released on an older copy: an unknown order may be one that it has lost.
    """
    if older_copies("orders"):
        return 0
    before = (now() - timedelta(seconds=current_settings(OrdersSettings).stray_after_seconds)).isoformat()
    released, cursor = 0, None
    while True:
        page = products().reservations(before=before, cursor=cursor)
        for order_id in ids_without_stock(each.order_id for each in page.items):
            products().release(order_id)
            released += 1
            log.warning("stray_reservation_released", order_id=order_id)
        cursor = page.next_cursor
        if cursor is None:
            return released
