"""Checkout: review, the card processor's page, and back; one attempt places at most one order."""

from __future__ import annotations

import msgspec
from flask import Blueprint, current_app, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug import Response

from portals.customer.cart.client import Cart, by_sku, carts
from portals.customer.cart.presenter import (
    changed_lines,
    fingerprint,
    has_same_units,
    lock_of,
    shown_lines,
    units_digest,
)
from portals.customer.checkout.client import (
    NOTHING_TO_PAY,
    Attempt,
    Carried,
    Placement,
    Shortage,
    checkout,
    decrypt_carried,
    drop_attempt,
    encrypt_carried,
    find_attempt,
    keep_attempt,
)
from portals.customer.checkout.forms import AcceptanceForm, ReviewForm
from shared.calls.resilience import UpstreamUnavailable
from shared.calls.service_client import UpstreamRefused
from shared.portal.answers import Price
from shared.portal.drafts import take_draft
from shared.portal.faults import Faults
from shared.portal.form_keys import new_form_key, sent_form_key
from shared.portal.headers import allow_form_target
from shared.portal.permissions import may, needs

blueprint = Blueprint("checkout", __name__, url_prefix="/checkout")


@blueprint.get("")
@needs("orders:write")
def review() -> ResponseReturnValue:
    typed = take_draft("checkout.pay").get("po_number")
    if typed is not None:
        session["po_number"] = typed.strip()
    return _review(carts.get_cart())


@blueprint.post("")
@needs("orders:write")
def pay() -> ResponseReturnValue:
    """Store what was reviewed and redirect to the card page; a free cart is placed at once."""
    attempt_id = sent_form_key("attempt")
    known = find_attempt(attempt_id)
    if known and known.token is not None:
        return _place(known)
    cart = carts.get_cart()
    if lock_of(cart):
        return _review(cart)
    form = ReviewForm(request.form)
    po_number = form.po_number.data
    is_valid = form.validate()
    if is_valid:
        session["po_number"] = po_number
    if form.reviewed.data != fingerprint(cart):
        flash("Prices or lines changed while you were looking. Please review the order again.", "warn")
        return redirect(url_for("checkout.review"))
    if not is_valid:
        return _review(cart, po_number=po_number, faults=form.faults), 422
    is_free = cart.total is not None and cart.total.amount == 0
    attempt = Attempt(attempt_id, po_number, fingerprint(cart), token=NOTHING_TO_PAY if is_free else None)
    if cart.total is not None:
        attempt = attempt.at_total(cart.total)
    if not is_free and not _takes_cards():
        flash("This shop takes no cards yet, so nothing was ordered.", "warn")
        return redirect(url_for("checkout.review"))
    keep_attempt(attempt)
    return _place(attempt) if is_free else _to_card_page(attempt)


def _orders() -> str:
    return url_for("orders.order_list" if may("orders:read") else "home.home")


def _takes_cards() -> bool:
    return bool(current_app.extensions["tradepost_settings"].psp_backend != "none") and may("payments:write")


def _to_card_page(attempt: Attempt) -> ResponseReturnValue:
    settings = current_app.extensions["tradepost_settings"]
    carried = Carried(session["viewer"]["id"], attempt.po_number, units_digest(attempt.reviewed))
    path = url_for("checkout.come_back", attempt_id=attempt.id, carried=encrypt_carried(carried))
    return redirect(checkout.open_card_page(settings.public_customer_url.rstrip("/") + path), 303)


@blueprint.get("/<attempt_id>/return")
@needs("orders:write")
def come_back(attempt_id: str) -> ResponseReturnValue:
    """
    Place the order with the token the card page gave; an empty cart may have been ordered in another window.

    The attempt's id cannot be guessed and belongs to this session, so another site's link places nothing; a reload
    sends the same key and gets the same order.
    """
    if request.method == "HEAD":
        return "", 204
    attempt = find_attempt(attempt_id)
    if attempt is None:
        return _lost()
    if attempt.token is None:
        token = request.args.get("token", "")
        if not token:
            flash("You left the card page without paying. Nothing was charged.", "warn")
            return redirect(url_for("checkout.review"))
        cart = carts.get_cart()
        if cart.line_items and not has_same_units(cart, attempt.reviewed):
            drop_attempt(attempt.id)
            flash("Your cart changed while you were paying. Nothing was charged; please review it again.", "warn")
            return redirect(url_for("checkout.review"))
        attempt = attempt.with_token(token)
        keep_attempt(attempt)
    return _place(attempt)


def _lost() -> Response:
    """Lead on from an attempt that this session does not know: to the same checkout, where it was not ordered yet."""
    carried = decrypt_carried(request.args.get("carried", ""))
    if carried and carried.user_id != session["viewer"]["id"]:
        flash("Another person began that payment. Nothing was ordered or charged for it.", "warn")
        return redirect(url_for("cart.cart"))
    if carried and carried.is_of(session["viewer"]["id"], units_digest(fingerprint(carts.get_cart()))):
        session["po_number"] = carried.po_number
        flash(
            "Your sign-in ended while you were paying: nothing was ordered and nothing was charged. Please pay again.",
            "warn",
        )
        return redirect(url_for("checkout.review"))
    flash("That payment is no longer open. If it went through, its order is in this list.", "warn")
    return redirect(_orders())


@blueprint.post("/<attempt_id>/acceptance")
@needs("orders:write")
def accept_total(attempt_id: str) -> ResponseReturnValue:
    """Place the order at the new total that the page of the changed total showed."""
    attempt = find_attempt(attempt_id)
    form = AcceptanceForm(request.form)
    if attempt is None or attempt.token is None or not form.validate():
        return redirect(url_for("checkout.review"))
    attempt = attempt.at_total(form.total)
    keep_attempt(attempt)
    return _place(attempt)


def _place(attempt: Attempt) -> ResponseReturnValue:
    try:
        placement = checkout.place_cart(attempt)
    except UpstreamRefused as refusal:
        return _refused(attempt, refusal)
    except UpstreamUnavailable:
        # The order may have been placed before the answer was lost: the same key finds it, a new key would buy twice.
        return render_template("checkout/unknown.html", again=_return_path(attempt)), 503
    return _placed(placement)


def _placed(placement: Placement) -> ResponseReturnValue:
    session["cart_count"] = 0
    session.pop("po_number", None)
    order = placement.order
    if placement.is_decided:
        flash(f"Thank you. Order {order.number} is placed; a confirmation is on its way by e-mail.", "good")
    else:
        flash(f"Order {order.number} is received. We are still waiting for the payment to be confirmed.", "warn")
    return redirect(url_for("orders.order_detail", order_id=order.id) if may("orders:read") else url_for("home.home"))


def _refused(attempt: Attempt, refusal: UpstreamRefused) -> ResponseReturnValue:
    """Show why the order was refused and how to go on; a refused attempt is over, the next one has its own key."""
    if refusal.status == 409 and refusal.headers.get("Retry-After"):
        return render_template("checkout/unknown.html", again=_return_path(attempt)), 409
    if refusal.status == 401:
        raise refusal
    if refusal.kind == "total-changed":
        return _changed(attempt, msgspec.convert(refusal.extra["total"], Price)), 409
    drop_attempt(attempt.id)
    if refusal.kind == "cart-empty":
        flash("Your cart is empty. If it was ordered in another window, its order is in this list.", "warn")
        return redirect(_orders())
    if refusal.status == 402:
        return _declined(attempt, refusal.detail), 402
    shortages = msgspec.convert(refusal.extra.get("shortages") or [], list[Shortage])
    if refusal.status == 409 and shortages:
        return render_template("checkout/out_of_stock.html", shortages=shortages), 409
    lines = by_sku(refusal, [line.sku for line in carts.get_cart().line_items]) if refusal.errors else {}
    details = [refusal.detail or refusal.title] if not refusal.errors or refusal.detail else []
    details += [error.detail for error in refusal.errors if error.detail not in lines.values()]
    return render_template("checkout/refused.html", details=details, lines=lines), refusal.status


def _declined(attempt: Attempt, detail: str) -> str:
    """Show why the card was declined, with a form that opens the card page again for the same order."""
    allow_form_target(current_app.extensions["tradepost_settings"].public_psp_url)
    return render_template("checkout/declined.html", detail=detail, attempt=attempt, next_attempt_id=new_form_key())


def _changed(attempt: Attempt, total: Price) -> str:
    """Show what the order costs now; the attempt stays open, so that its card can pay the new total."""
    return render_template(
        "checkout/changed.html",
        attempt=attempt,
        total=total,
        lines=changed_lines(carts.get_cart(), attempt.reviewed),
        can_accept=bool(attempt.token) or not total.amount,
    )


def _return_path(attempt: Attempt) -> str:
    return url_for("checkout.come_back", attempt_id=attempt.id)


def _review(cart: Cart, *, po_number: str = "", faults: Faults | None = None) -> Response | str:
    if not cart.line_items:
        flash("Your cart is empty; there is nothing to check out.", "warn")
        return redirect(url_for("cart.cart"))
    if lock_of(cart):
        flash(lock_of(cart), "warn")
        return redirect(url_for("cart.cart"))
    allow_form_target(current_app.extensions["tradepost_settings"].public_psp_url)
    return render_template(
        "checkout/review.html",
        cart=cart,
        lines=shown_lines(cart),
        reviewed=fingerprint(cart),
        attempt_id=new_form_key(),
        po_number=po_number or session.get("po_number", ""),
        faults=faults or {},
        takes_cards=_takes_cards(),
    )
