"""Carries a placed order on: stock, then payment, then confirmation; one commit per step, safe to begin again."""

from __future__ import annotations

from services.orders.clients import PaymentAnswer, payments, products
from services.orders.documents import Order
from services.orders.documents.cart import empty_cart
from services.orders.errors import OutOfStock
from services.orders.operations.common import settings
from services.orders.operations.measuring import FAILURES, count_confirmed
from services.orders.rules.pricing import units_per_sku
from services.orders.rules.statuses import OrderStatus
from shared.base import deadline
from shared.base.errors import VersionConflict
from shared.calls.service_client import UpstreamUnavailable
from shared.observe.observability import get_logger

log = get_logger()

OUT_OF_STOCK = "out_of_stock"
PAYMENT_DECLINED = "payment_declined"
STOCK_UNANSWERED = "stock_unanswered"
PAYMENT_UNANSWERED = "payment_unanswered"

# Kept back of the request's time, to record where the order stands and to tell the buyer.
ANSWER_SECONDS = 0.5
DEFAULT_SECONDS = 15.0
# Longer than a request may still be at work after its deadline, so that the sweeper does not come between.
LEASE_SECONDS = 30.0


def lease_seconds() -> float:
    """Return how long an order belongs to the request that is placing it."""
    return deadline.remaining(DEFAULT_SECONDS) + LEASE_SECONDS


def carry_on(order: Order) -> Order:
    """
    Take the order as far as it goes in the time left and return it as it stands then.

    Where a neighbour does not answer, the order keeps the step it reached and is handed to the sweeper. Where somebody
    else carried it on (the sweeper, a late answer, a cancellation), theirs stands: every call is keyed by the order.
    """
    try:
        with deadline.start(max(0.0, deadline.remaining(DEFAULT_SECONDS) - ANSWER_SECONDS)):
            return _advance(order)
    except (UpstreamUnavailable, deadline.DeadlineExceeded) as silence:
        FAILURES.labels("unanswered").inc()
        log.warning("order_waits", order_id=order.id, status=order.status, reason=str(silence))
        return _hand_over(order)
    except VersionConflict:
        log.info("order_carried_on_elsewhere", order_id=order.id)
        return Order.get(order.id)


def _advance(order: Order) -> Order:
    if order.status == OrderStatus.PLACED:
        _hold_stock(order)
    if order.status == OrderStatus.PENDING_PAYMENT:
        answer = payments().authorize(
            order_id=order.id,
            company_id=order.company_id,
            amount=order.total_amount,
            currency=order.currency,
            token=order.card_token or "",
        )
        note_payment(order, answer)
    return order


def _hold_stock(order: Order) -> None:
    try:
        products().reserve(order.id, units_per_sku(order.line_items))
    except OutOfStock as refusal:
        undo(order, OUT_OF_STOCK, shortages=refusal.shortages)
        return
    order.hold_stock()
    order.commit()
    if order.status == OrderStatus.CONFIRMED:
        _finish(order)


def note_payment(order: Order, answer: PaymentAnswer) -> None:
    """Confirm or refuse the order by what payments says; while it does not know, its event or the sweeper decides."""
    if answer.status == "authorized":
        order.confirm(answer.payment_id)
        order.commit()
        _finish(order)
    elif answer.status == "declined":
        undo(order, PAYMENT_DECLINED, payment_id=answer.payment_id)
    else:
        order.payment_id = answer.payment_id
        order.wait_for_answer()
        order.commit()


def undo(
    order: Order, reason: str, *, payment_id: str | None = None, shortages: list[dict[str, object]] | None = None
) -> None:
    """Refuse the order; products and payments let go of it by its event."""
    patience = settings().settle_patience_seconds
    order.refuse(reason, repeat_after=patience, payment_id=payment_id, shortages=shortages or [])
    order.commit()
    FAILURES.labels(reason).inc()
    log.info("order_refused", order_id=order.id, reason=reason)


def _finish(order: Order) -> None:
    count_confirmed(order)
    log.info("order_confirmed", order_id=order.id, lines=len(order.line_items))
    if order.cart_key:
        empty_cart(order.cart_key)


def _hand_over(order: Order) -> Order:
    order.wait_for_answer()
    try:
        return order.commit()
    except VersionConflict:
        return Order.get(order.id)
