"""The cart: add, edit, remove with undo, and quick order by SKU."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec
from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from portals.customer.cart.client import Cart, carts
from portals.customer.cart.forms import (
    AddForm,
    Draft,
    QuantitiesForm,
    QuickOrderForm,
    left_over,
    take_quick_order,
)
from portals.customer.cart.presenter import ShownLine, beside_typed, faults_of, lock_of, shown_lines, within_stock
from shared.base.skus import normal_sku
from shared.calls.service_client import UpstreamRefused
from shared.portal.drafts import take_draft
from shared.portal.form_tags import is_stale, sent_tag
from shared.portal.formatting import plural, sentence
from shared.portal.navigation import safe_next
from shared.portal.permissions import needs

blueprint = Blueprint("cart", __name__, url_prefix="/cart")
LONGEST_QUANTITY = 20
CHANGED = (
    "Your cart was changed since you opened this page, for example in another window. Check it, then send it again."
)


@blueprint.get("")
@needs("cart:write")
def cart() -> str:
    return _page(carts.get_cart())


def _page(
    found: Cart, unread: Mapping[str, str] = MappingProxyType({}), *, sent: Mapping[str, str] | None = None
) -> str:
    """
    Return the cart's page; `unread` are quantities that could not be read, by SKU.

    `sent` is the form of a buyer whose cart was changed since they saw it.
    """
    lines = shown_lines(found, unread, typed=take_draft("cart.edit"))
    if sent is not None:
        lines = beside_typed(lines, sent)
    draft = take_quick_order()
    return render_template(
        "cart/cart.html",
        cart=found,
        lines=lines,
        units=sum(line.quantity for line in lines),
        is_short=not all(line.is_available for line in found.line_items),
        lock=lock_of(found),
        draft=draft,
        faults=faults_of(lines) | draft.faults,
    )


@blueprint.post("")
@needs("cart:write")
def edit() -> ResponseReturnValue:
    """Take the quantities of the form; the button `remove` names the one SKU to drop."""
    before = carts.get_cart()
    form = QuantitiesForm(before, request.form)
    try:
        after = carts.replace(form.lines, tag=sent_tag() or before.tag)
    except UpstreamRefused as refusal:
        if not is_stale(refusal):
            raise
        flash(CHANGED, "warn")
        return _page(carts.get_cart(), sent=request.form), 409
    if form.unread:
        return _page(after, form.unread), 422
    if form.removed:
        _offer_undo(before, form.removed)
    elif form.goes_to_checkout:
        return redirect(url_for("checkout.review"))
    else:
        flash("Your cart is up to date.", "good")
    return redirect(url_for("cart.cart"))


@blueprint.post("/items")
@needs("cart:write")
def add() -> ResponseReturnValue:
    form = AddForm(request.form)
    sku = form.sku.data
    back = safe_next(form.back.data or None, url_for("cart.cart"))
    if not form.validate():
        return _sent_back(back, sku, form.typed["quantity"], form.faults["quantity"])
    try:
        after = carts.add(sku, form.quantity.quantity)
    except UpstreamRefused as refusal:
        return _sent_back(back, sku, form.typed["quantity"], _reason(refusal))
    _announce(sku, form.quantity.quantity, shown_lines(after))
    return redirect(back)


def _announce(sku: str, added: int, lines: list[ShownLine]) -> None:
    """Say what was added, and at once when not all of it can be delivered, with a way to take what can."""
    line = next((line for line in lines if line.sku == normal_sku(sku)), None)
    if line is None or not line.warning:
        flash(f"{plural(added, 'unit')} of {sku} added to your cart.", "added")
        return
    flash(f"{line.sku}|{line.lowered_to}|{sentence(line.warning)} Your cart has {line.quantity:,}.", "short")


def _sent_back(back: str, sku: str, typed: str, fault: str) -> ResponseReturnValue:
    """Show the page again from which a product was added, with the fault at its quantity."""
    flash(f"{sku}|{typed[:LONGEST_QUANTITY]}|{fault}", "quantity")
    return redirect(back)


@blueprint.post("/quick-order")
@needs("cart:write")
def quick_order() -> ResponseReturnValue:
    """Add rows typed as SKU and quantity, and lines pasted from a spreadsheet."""
    form = QuickOrderForm(request.form)
    left_out = carts.add_many(form.found) if form.found else {}
    added = sum(line.sku not in left_out for line in form.found)
    draft = left_over(form.entries, left_out, form.beyond)
    if draft != Draft():
        session["quick_order"] = msgspec.to_builtins(draft)
    if added:
        flash(f"{plural(added, 'line')} added to your cart.", "good")
    elif draft == Draft():
        flash("Enter at least one SKU.", "bad")
    return redirect(url_for("cart.cart"))


@blueprint.post("/within-stock")
@needs("cart:write")
def lower_to_stock() -> ResponseReturnValue:
    """Lower every quantity, or that of the one SKU named, to what can be delivered now."""
    sku = request.form.get("sku", "")
    found = carts.get_cart()
    try:
        after = carts.replace(within_stock(found, sku), tag=found.tag)
        flash(_lowered(after, sku) if sku else "Quantities were lowered to what is in stock.", "good")
    except UpstreamRefused as refusal:
        if not is_stale(refusal):
            raise
        flash(CHANGED, "warn")
    return redirect(safe_next(request.form.get("back"), url_for("cart.cart")))


def _lowered(after: Cart, sku: str) -> str:
    units = sum(line.quantity for line in after.line_items if line.sku == sku)
    return f"Your cart has {plural(units, 'unit')} of {sku} now." if units else f"{sku} is out of your cart."


def _offer_undo(before: Cart, sku: str) -> None:
    """Show what was removed, with the values by which the message's form adds it again."""
    quantity = sum(line.quantity for line in before.line_items if line.sku == sku)
    if quantity:
        flash(f"{sku}|{quantity}", "removed")


def _reason(refusal: UpstreamRefused) -> str:
    if refusal.status in (404, 422):
        return sentence(refusal.errors[0].detail if refusal.errors else "There is no such product")
    return sentence(refusal.detail or refusal.title)
