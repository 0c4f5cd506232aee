"""Placing an order: freeze its prices under its natural keys, then carry it on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from http import HTTPStatus
from typing import Any

from mongoengine.errors import NotUniqueError

from services.orders.clients import products
from services.orders.documents import Cart, Order, next_order_number
from services.orders.errors import CardsNotAccepted, CartEmpty, OrderUndone, OutOfStock, PaymentDeclined
from services.orders.operations.common import company_of, settings
from services.orders.operations.measuring import FAILURES, PLACED
from services.orders.operations.saga import OUT_OF_STOCK, PAYMENT_DECLINED, carry_on, lease_seconds
from services.orders.rules.presenting import shown_order
from services.orders.rules.pricing import price_lines, require_fitting_payment
from services.orders.rules.statuses import GONE
from shared.base import deadline
from shared.base.clock import now, today
from shared.base.errors import Forbidden, InvalidInput, VersionConflict
from shared.observe.observability import bind_context, get_logger
from shared.web.tokens import Principal

log = get_logger()

KEY_ATTEMPTS = 3
OVERRIDE = "orders:override_price"

Placement = tuple[dict[str, Any], int]
Lines = Sequence[Mapping[str, Any]]


def place_order(
    buyer: Principal,
    key: str,
    *,
    line_items: Lines | None = None,
    po_number: str | None = None,
    reference: str | None = None,
    ordered_on: date | None = None,
    payment: Mapping[str, Any] | None = None,
) -> Placement:
    """
    Place the lines, or else the cart, and return the order and its HTTP status.

    201 confirmed, 202 not decided in time, 200 the order that holds the reference or the cart already. Raises
    OutOfStock, PaymentDeclined; CardsNotAccepted or InvalidInput before anything is recorded.
    """
    company_id = company_of(buyer)
    _require_override(buyer, line_items)
    if payment is not None and settings().psp_backend == "none":
        raise CardsNotAccepted()
    cart = None if line_items is not None else _filled_cart(buyer)
    cart_key = cart.order_key if cart else None
    for _ in range(KEY_ATTEMPTS):
        earlier = Order.find_repeated(company_id, idempotency_key=key, reference=reference, cart_key=cart_key)
        if earlier is not None:
            return _repeated(earlier, key)
        order = _new_order(buyer, cart.line_items if cart else line_items or [], payment)
        order.reference = order.reference_key = reference
        order.idempotency_key, order.cart_key = key, cart_key
        order.po_number, order.ordered_on = po_number, (ordered_on or today()).isoformat()
        order.wait(lease_seconds())
        try:
            order.commit()
        except NotUniqueError:  # the same reference, key or cart was placed at this moment
            continue
        PLACED.inc()
        return _decided(carry_on(order))
    raise VersionConflict()


def _filled_cart(buyer: Principal) -> Cart:
    """Return the cart as stored: one that became an order a moment ago leads to that order, not to an empty cart."""
    cart = Cart.of(company_of(buyer), buyer.id)
    if not cart.line_items:
        raise CartEmpty()
    return cart


def _require_override(buyer: Principal, line_items: Lines | None) -> None:
    if any(line.get("unit_price") for line in line_items or []) and not buyer.can(OVERRIDE):
        raise Forbidden(f"A unit price needs the permission {OVERRIDE}", permission=OVERRIDE)


def _new_order(buyer: Principal, requested: Lines, payment: Mapping[str, Any] | None) -> Order:
    try:
        priced = price_lines(requested, products().prices(requested))
        require_fitting_payment(priced.total_amount, payment)
    except InvalidInput:
        FAILURES.labels("invalid").inc()
        raise
    deadline.check()
    order = Order(
        number=next_order_number(),
        company_id=company_of(buyer),
        placed_by=buyer.id,
        acted_by=buyer.actor_id,
        currency=priced.currency,
        total_amount=priced.total_amount,
        line_items=priced.line_items,
        card_token=payment["token"] if payment else None,
    )
    bind_context(order_id=order.id)
    return order


def _repeated(order: Order, key: str) -> Placement:
    """Return the order of a repeated reference or cart; the same key means that its first request died on the way."""
    if order.idempotency_key != key:
        return shown_order(order.stored()), HTTPStatus.OK
    log.info("order_taken_up_again", order_id=order.id, status=order.status)
    is_abandoned = order.is_undecided and order.due_at is not None and order.due_at <= now()
    return _decided(carry_on(order) if is_abandoned else order)


def _decided(order: Order) -> Placement:
    if order.status in GONE:
        _raise_refusal(order)
    return shown_order(order.stored()), HTTPStatus.ACCEPTED if order.is_undecided else HTTPStatus.CREATED


def _raise_refusal(order: Order) -> None:
    about: dict[str, Any] = {"order_id": order.id, "number": order.number}
    if order.status_reason == OUT_OF_STOCK:
        raise OutOfStock(order.shortages or [], **about)
    if order.status_reason == PAYMENT_DECLINED:
        raise PaymentDeclined("Try another card", **about)
    raise OrderUndone(str(order.status_reason), **about)
