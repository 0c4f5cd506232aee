"""The cart: add, edit, remove with undo, and quick order by SKU."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portals.customer.cart.client import Cart, carts
from portals.customer.cart.forms import MOST_PASTED_LINES, AddForm, QuantitiesForm, QuickOrderForm
from portals.customer.cart.presenter import lock_of, shown_lines, within_stock
from shared.calls.service_client import UpstreamRefused
from shared.portal.formatting import plural
from shared.portal.navigation import safe_next

blueprint = Blueprint("cart", __name__, url_prefix="/cart")
QUICK_ROWS = 3
MOST_REASONS = 10


@blueprint.get("")
def cart() -> str:
    found = carts.get_cart()
    lines = shown_lines(found)
    return render_template(
        "cart/cart.html",
        cart=found,
        lines=lines,
        units=sum(line.quantity for line in lines),
        is_short=not all(line.is_available for line in found.line_items),
        lock=lock_of(found),
        quick_rows=QUICK_ROWS,
    )


@blueprint.post("")
def edit() -> ResponseReturnValue:
    """Take the quantities of the form; the button `remove` names the one SKU to drop."""
    before = carts.get_cart()
    form = QuantitiesForm(before, request.form)
    carts.replace(form.lines)
    if form.unread:
        flash(f"The quantity of {', '.join(form.unread)} is not a whole number from 1 to 1,000,000.", "bad")
    elif form.removed:
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
        flash(form.faults["quantity"], "bad")
        return redirect(back)
    try:
        after = carts.add(sku, form.quantity.quantity)
    except UpstreamRefused as refusal:
        flash(f"{sku}: {_reason(refusal)}", "bad")
        return redirect(back)
    flash(f"{plural(form.quantity.quantity, 'unit')} of {sku} added to your cart.", "added")
    for problem in [line.problem for line in after.line_items if line.sku == sku.upper() and line.problem]:
        flash(f"{sku}: {problem}", "warn")
    return redirect(back)


@blueprint.post("/quick-order")
def quick_order() -> ResponseReturnValue:
    """Add rows typed as SKU and quantity, and lines pasted from a spreadsheet."""
    form = QuickOrderForm(request.form)
    refused = [f"{line.text}: {line.reason}" for line in form.unread]
    if form.is_cut:
        refused.append(f"Only the first {MOST_PASTED_LINES} lines were read.")
    left_out = carts.add_many(form.found) if form.found else {}
    added = sum(line.sku not in left_out for line in form.found)
    refused += [f"{sku}: {reason}" for sku, reason in left_out.items()]
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
        return refusal.errors[0].detail if refusal.errors else "there is no such product"
    return refusal.detail or refusal.title
