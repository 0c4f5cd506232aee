"""Checkout: review, the card processor's page, and back; one attempt places at most one order."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug import Response

from portals.customer.clients import card_pages, carts, orders
from portals.customer.presenters import cart_lines, fingerprint
from portals.customer.views.cart_memory import remember_cart
from portals.customer.views.checkout_attempts import (
    Attempt,
    find_attempt,
    forget_attempt,
    keep_attempt,
)
from shared.calls.resilience import UpstreamUnavailable
from shared.calls.service_client import UpstreamRefused
from shared.portal.form_keys import new_form_key, sent_form_key
from shared.portal.gateway import Reply
from shared.portal.headers import allow_form_target

blueprint = Blueprint("checkout", __name__, url_prefix="/checkout")
LONGEST_PO_NUMBER = 64
NOTHING_TO_PAY = ""


@blueprint.get("")
def review() -> ResponseReturnValue:
    return _review(carts.get_cart())


@blueprint.post("")
def pay() -> ResponseReturnValue:
    """Remember what was reviewed and lead on to the card page; a free cart is placed at once."""
    attempt_id = sent_form_key("attempt")
    known = find_attempt(attempt_id)
    if known and known.token is not None:
        return _place(known)
    cart = carts.get_cart()
    po_number = request.form.get("po_number", "").strip()
    if request.form.get("reviewed") != fingerprint(cart):
        flash("Prices or lines changed while you were looking. Please review the order again.", "warn")
        return redirect(url_for("checkout.review"))
    session["po_number"] = po_number[:LONGEST_PO_NUMBER]
    if len(po_number) > LONGEST_PO_NUMBER:
        return _review(cart, po_number=po_number, error=f"Use at most {LONGEST_PO_NUMBER} characters."), 422
    is_free = cart["total"] is not None and cart["total"]["amount"] == 0
    attempt = Attempt(attempt_id, po_number, fingerprint(cart), token=NOTHING_TO_PAY if is_free else None)
    if not is_free and not _takes_cards():
        flash("This shop takes no cards yet, so nothing was ordered.", "warn")
        return redirect(url_for("checkout.review"))
    keep_attempt(attempt)
    return _place(attempt) if is_free else _to_card_page(attempt)


def _takes_cards() -> bool:
    return bool(current_app.extensions["tradepost_settings"].psp_backend != "none")


def _to_card_page(attempt: Attempt) -> ResponseReturnValue:
    settings = current_app.extensions["tradepost_settings"]
    way_back = _again(attempt)
    return redirect(card_pages.open_session(settings.public_customer_url.rstrip("/") + way_back), 303)


@blueprint.get("/<attempt_id>/return")
def come_back(attempt_id: str) -> ResponseReturnValue:
    """
    Place the order with the token the card page gave.

    The attempt's id cannot be guessed and belongs to this session, so another site's link places nothing; a reload
    sends the same key and gets the same order.
    """
    attempt = find_attempt(attempt_id)
    if attempt is None:
        flash("That payment is no longer open. If it went through, its order is in this list.", "warn")
        return redirect(url_for("orders.order_list"))
    if attempt.token is None:
        token = request.args.get("token", "")
        if not token:
            flash("You left the card page without paying. Nothing was charged.", "warn")
            return redirect(url_for("checkout.review"))
        if fingerprint(carts.get_cart()) != attempt.reviewed:
            forget_attempt(attempt.id)
            flash("Your cart changed while you were paying. Nothing was charged; please review it again.", "warn")
            return redirect(url_for("checkout.review"))
        attempt = attempt.with_token(token)
        keep_attempt(attempt)
    return _place(attempt)


def _place(attempt: Attempt) -> ResponseReturnValue:
    try:
        reply = orders.place_cart(key=attempt.id, token=attempt.token or None, po_number=attempt.po_number or None)
    except UpstreamRefused as refusal:
        return _refused(attempt, refusal)
    except UpstreamUnavailable:
        # The order may have been placed before the answer was lost: the same key finds out, a new one would buy twice.
        return render_template("checkout/unknown.html", again=_again(attempt)), 503
    return _placed(attempt, reply)


def _placed(attempt: Attempt, reply: Reply) -> ResponseReturnValue:
    session["cart_count"] = 0
    session.pop("po_number", None)
    order = reply.body
    if reply.status == 202:
        flash(f"Order {order['number']} is received. We are still waiting for the payment to be confirmed.", "warn")
    else:
        flash(f"Thank you. Order {order['number']} is placed; a confirmation is on its way by e-mail.", "good")
    return redirect(url_for("orders.order_detail", order_id=order["id"]))


def _refused(attempt: Attempt, refusal: UpstreamRefused) -> ResponseReturnValue:
    """Say in plain words what went wrong and how to go on; a refused attempt is over, the next one has its own key."""
    if refusal.status == 409 and refusal.headers.get("Retry-After"):
        return render_template("checkout/unknown.html", again=_again(attempt)), 409
    if refusal.status == 401:
        raise refusal
    forget_attempt(attempt.id)
    if refusal.status == 402:
        return render_template("checkout/declined.html", detail=refusal.detail), 402
    shortages = refusal.extra.get("shortages")
    if refusal.status == 409 and shortages:
        return render_template("checkout/out_of_stock.html", shortages=shortages), 409
    return render_template("checkout/refused.html", detail=refusal.detail or refusal.title), refusal.status


def _again(attempt: Attempt) -> str:
    return url_for("checkout.come_back", attempt_id=attempt.id)


def _review(cart: dict[str, Any], *, po_number: str = "", error: str = "") -> Response | str:
    remember_cart(cart)
    if not cart["line_items"]:
        flash("Your cart is empty; there is nothing to check out.", "warn")
        return redirect(url_for("cart.cart"))
    lines = cart_lines(cart)
    if any(line["warning"] for line in lines):
        flash("Some lines cannot be delivered as they stand. Change them before you check out.", "warn")
        return redirect(url_for("cart.cart"))
    allow_form_target(current_app.extensions["tradepost_settings"].public_psp_url)
    return render_template(
        "checkout/review.html",
        cart=cart,
        lines=lines,
        reviewed=fingerprint(cart),
        attempt_id=new_form_key(),
        po_number=po_number or session.get("po_number", ""),
        error=error,
        takes_cards=_takes_cards(),
    )
