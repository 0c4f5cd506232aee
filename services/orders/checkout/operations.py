"""Placing an order: freeze its prices under its natural keys, then run its saga; and late answers of payments."""

from __future__ import annotations

from dataclasses import dataclass

from mongoengine.errors import NotUniqueError

from services.orders.carts.documents import Cart
from services.orders.checkout.documents import find_emptier, find_repeated, next_order_number
from services.orders.checkout.rules import (
    REPEATED_WITHIN,
    DeclineReason,
    PlaceOrder,
    PricedLines,
    RequestedLine,
    price_lines,
    require_allowed_day,
    require_expected_total,
    require_fitting_payment,
)
from services.orders.checkout.saga import (
    FAILURES,
    OUT_OF_STOCK,
    PAYMENT_DECLINED,
    apply_payment_answer,
    lease_seconds,
    run_saga,
)
from services.orders.clients import PaymentAnswer, products
from services.orders.config import OrdersSettings
from services.orders.errors import CardsNotAccepted, CartEmpty, OrderExpired, OutOfStock, PaymentDeclined, TotalChanged
from services.orders.orders.documents import Order
from services.orders.orders.rules import OrderAction, require_company
from shared.base import deadline
from shared.base.clock import days_of_today, now, today
from shared.base.errors import Forbidden, InvalidInput, VersionConflict
from shared.base.money import Money
from shared.data.older_copies import require_no_older_copy
from shared.observe.metrics import counter
from shared.observe.observability import bind_context, get_logger
from shared.web.service import current_settings
from shared.web.tokens import Principal

log = get_logger()

PLACED = counter("orders_placed_total", "Orders whose prices were frozen")
KEY_ATTEMPTS = 3
OVERRIDE = "orders:override_price"


@dataclass(frozen=True)
class Placement:
    """The order of a request; `is_repeated`: it held the request's reference or cart already."""

    order: Order
    is_repeated: bool = False

    @property
    def http_status(self) -> int:
        """200 for an order that existed already, 202 for one that is undecided, 201 for a confirmed one."""
        if self.is_repeated:
            return 200
        return 202 if self.order.is_undecided else 201


def place_order(buyer: Principal, key: str, wanted: PlaceOrder) -> Placement:
    """
    Place the lines, or else the cart, and return the order: confirmed, or undecided after an upstream timeout.

    A repeated reference, cart or key leads to the order that holds it, an empty cart to the order that emptied it.
    Raises OutOfStock, PaymentDeclined or OrderExpired for an order that was withdrawn; CartEmpty, CardsNotAccepted,
    TotalChanged, InvalidInput or OlderCopyFound before anything is recorded.
    """
    company_id = require_company(buyer.company_id)
    _require_override(buyer, wanted)
    require_allowed_day(wanted.ordered_on, days_of_today(), is_staff=buyer.actor_id is not None)
    if wanted.payment is not None and current_settings(OrdersSettings).psp_backend == "none":
        raise CardsNotAccepted()
    cart = Cart.of(company_id, buyer.id) if wanted.line_items is None else None
    if cart is not None and not cart.line_items:
        return Placement(_emptied_by(cart, wanted), is_repeated=True)
    cart_key = cart.order_key if cart else None
    for _ in range(KEY_ATTEMPTS):
        earlier = find_repeated(company_id, idempotency_key=key, reference=wanted.reference, cart_key=cart_key)
        if earlier is not None:
            return _repeated(earlier, key)
        require_no_older_copy("orders")
        order = _new_order(buyer, company_id, wanted, cart)
        order.idempotency_key, order.cart_key = key, cart_key
        order.schedule_sweep_in(lease_seconds())
        try:
            order.commit()
        except NotUniqueError:  # the same reference, key or cart was placed at this moment
            continue
        PLACED.inc()
        return Placement(_not_withdrawn(run_saga(order)))
    raise VersionConflict()


def _emptied_by(cart: Cart, wanted: PlaceOrder) -> Order:
    """Return the order that the empty cart became a moment ago; raise CartEmpty when there is none as wanted."""
    order = find_emptier(cart, since=now() - REPEATED_WITHIN)
    if order is None or not _is_as_wanted(order, wanted):
        raise CartEmpty()
    return order


def _is_as_wanted(order: Order, wanted: PlaceOrder) -> bool:
    """Return whether a request repeats the one that placed the order: the same number, reference, day and total."""
    same_names = (order.po_number, order.reference) == (wanted.po_number, wanted.reference)
    same_day = wanted.ordered_on is None or wanted.ordered_on.isoformat() == order.ordered_on
    return same_names and same_day and wanted.expected_total in (None, Money(order.total_amount, order.currency))


def _require_override(buyer: Principal, wanted: PlaceOrder) -> None:
    if wanted.overrides_prices and not buyer.can(OVERRIDE):
        raise Forbidden(f"A unit price needs the permission {OVERRIDE}", permission=OVERRIDE)


def _new_order(buyer: Principal, company_id: str, wanted: PlaceOrder, cart: Cart | None) -> Order:
    priced = _priced(wanted, cart)
    deadline.check()
    order = Order(
        number=next_order_number(),
        company_id=company_id,
        placed_by=buyer.id,
        acted_by=buyer.actor_id,
        reference=wanted.reference,
        reference_key=wanted.reference,
        po_number=wanted.po_number,
        ordered_on=(wanted.ordered_on or today()).isoformat(),
        currency=priced.currency,
        total_amount=priced.total_amount,
        line_items=priced.line_items,
        card_token=wanted.payment.token if wanted.payment else None,
    )
    bind_context(order_id=order.id)
    return order


def _priced(wanted: PlaceOrder, cart: Cart | None) -> PricedLines:
    """Return the lines at today's prices; raise InvalidInput or TotalChanged for what cannot be placed as wanted."""
    requested = wanted.line_items or []
    if cart is not None:
        requested = [RequestedLine(line.sku, line.quantity) for line in cart.line_items]
    try:
        priced = price_lines(requested, products().prices(requested))
        require_expected_total(priced.total, wanted.expected_total)
        require_fitting_payment(priced.total_amount, wanted.payment)
    except TotalChanged:
        FAILURES.labels("total_changed").inc()
        raise
    except InvalidInput:
        FAILURES.labels("invalid").inc()
        raise
    return priced


def _repeated(order: Order, key: str) -> Placement:
    """Return the order of a repeated reference or cart; the same key means that its first request crashed."""
    if order.idempotency_key != key:
        return Placement(order, is_repeated=True)
    log.info("order_request_repeated", order_id=order.id, status=order.status)
    is_abandoned = order.is_undecided and order.is_due
    return Placement(_not_withdrawn(run_saga(order) if is_abandoned else order))


def _not_withdrawn(order: Order) -> Order:
    """Return the order, or raise why it was refused or cancelled."""
    if not order.is_withdrawn:
        return order
    if order.status_reason == OUT_OF_STOCK:
        raise OutOfStock(order.shortages, order_id=order.id, number=order.number)
    if order.status_reason == PAYMENT_DECLINED:
        reason = DeclineReason(order.decline_reason or DeclineReason.CARD_DECLINED)
        raise PaymentDeclined(reason.advice, decline_reason=reason, order_id=order.id, number=order.number)
    raise OrderExpired(str(order.status_reason), order_id=order.id, number=order.number)


def apply_late_authorization(order_id: str, payment_id: str) -> None:
    """
    Confirm an order whose payment was pending.

    One that was withdrawn before it had a payment is published again, so that payments voids the authorisation.
    """
    order = Order.get(order_id)
    if order.is_withdrawn and order.payment_id is None:
        order.payment_id = payment_id
        order.publish_withdrawal()
        order.schedule_sweep_in(current_settings(OrdersSettings).settle_patience_seconds)
        order.commit()
        log.warning("authorization_too_late", order_id=order_id, status=order.status)
    elif order.allows(OrderAction.CONFIRM):
        apply_payment_answer(order, PaymentAnswer("authorized", payment_id))


def apply_late_decline(order_id: str, payment_id: str, reason: str) -> None:
    """Refuse an order whose payment was pending; any other stays as it is."""
    order = Order.get(order_id)
    if order.allows(OrderAction.CONFIRM):
        apply_payment_answer(order, PaymentAnswer("declined", payment_id, reason))
