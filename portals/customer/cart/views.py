"""The cart: add, edit, remove with undo, and quick order by SKU."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec
from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from portals.customer.cart.client import Cart, carts
from portals.customer.cart.forms import (
    MOST_PASTED_LINES,
    AddForm,
    Draft,
    QuantitiesForm,
    QuickOrderForm,
    left_over,
    take_quick_order,
)
from portals.customer.cart.presenter import lock_of, shown_lines, within_stock
from shared.calls.service_client import UpstreamRefused
from shared.portal.drafts import take_draft
from shared.portal.formatting import plural, sentence
from shared.portal.navigation import safe_next

blueprint = Blueprint("cart", __name__, url_prefix="/cart")
MOST_REASONS = 10
LONGEST_QUANTITY = 20


@blueprint.get("")
def cart() -> str:
    return _page(carts.get_cart())


def _page(found: Cart, unread: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return the cart's page; `unread` are quantities that could not be read, by SKU."""
    lines = shown_lines(found, unread, typed=take_draft("cart.edit"))
    return render_template(
        "cart/cart.html",
        cart=found,
        lines=lines,
        units=sum(line.quantity for line in lines),
        is_short=not all(line.is_available for line in found.line_items),
        lock=lock_of(found),
        draft=take_quick_order(),
    )


@blueprint.post("")
def edit() -> ResponseReturnValue:
    """Take the quantities of the form; the button `remove` names the one SKU to drop."""
    before = carts.get_cart()
    form = QuantitiesForm(before, request.form)
    after = carts.replace(form.lines)
    if form.unread:
        flash(f"The quantity of {', '.join(form.unread)} is not a whole number from 1 to 1,000,000.", "bad")
        return _page(after, form.unread), 422
    if form.removed:
        _offer_undo(before, form.removed)
    elif form.goes_to_checkout:
        return redirect(url_for("checkout.review"))
    else:
        flash("Your cart is up to date.", "good")
    return redirect(url_for("cart.cart"))


@blueprint.post("/items")
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
    flash(f"{plural(form.quantity.quantity, 'unit')} of {sku} added to your cart.", "added")
    for problem in [line.problem for line in after.line_items if line.sku == sku.upper() and line.problem]:
        flash(f"{sku}: {sentence(problem)}", "warn")
    return redirect(back)


def _sent_back(back: str, sku: str, typed: str, fault: str) -> ResponseReturnValue:
    """Show the page again from which a product was added, with the fault at its quantity."""
    flash(f"{sku}|{typed[:LONGEST_QUANTITY]}|{fault}", "quantity")
    return redirect(back)


@blueprint.post("/quick-order")
def quick_order() -> ResponseReturnValue:
    """Add rows typed as SKU and quantity, and lines pasted from a spreadsheet."""
    form = QuickOrderForm(request.form)
    left_out = carts.add_many(form.found) if form.found else {}
    added = sum(line.sku not in left_out for line in form.found)
    draft = left_over(form.entries, left_out, form.beyond)
    if draft != Draft():
        session["quick_order"] = msgspec.to_builtins(draft)
    refused = [*draft.messages]
    if form.beyond:
        refused.append(f"Only the first {MOST_PASTED_LINES} lines were read.")
    if added:
        flash(f"{plural(added, 'line')} added to your cart.", "good")
    elif not refused:
        flash("Enter at least one SKU.", "bad")
    more = [f"… and {len(refused) - MOST_REASONS} more."] if len(refused) > MOST_REASONS else []
    for reason in [*refused[:MOST_REASONS], *more]:
        flash(reason, "bad")
    return redirect(url_for("cart.cart"))


@blueprint.post("/within-stock")
def lower_to_stock() -> ResponseReturnValue:
    """Lower every quantity to what can be delivered now."""
    carts.replace(within_stock(carts.get_cart()))
    flash("Quantities were lowered to what is in stock.", "good")
    return redirect(url_for("cart.cart"))


def _offer_undo(before: Cart, sku: str) -> None:
    """Show what was removed, with the values by which the message's form adds it again."""
    quantity = sum(line.quantity for line in before.line_items if line.sku == sku)
    if quantity:
        flash(f"{sku}|{quantity}", "removed")


def _reason(refusal: UpstreamRefused) -> str:
    if refusal.status in (404, 422):
        return sentence(refusal.errors[0].detail if refusal.errors else "There is no such product")
    return sentence(refusal.detail or refusal.title)
