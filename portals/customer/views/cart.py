"""The cart: add, edit, remove with a way back, and quick order by SKU."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portals.customer.clients import carts
from portals.customer.presenters import (
    QuickLine,
    cart_lines,
    edited_lines,
    parse_quantity,
    parse_quick_order,
    units_in,
    within_stock,
)
from portals.customer.views.cart_memory import remember_cart
from shared.calls.service_client import UpstreamRefused
from shared.portal.formatting import plural
from shared.portal.navigation import safe_next

blueprint = Blueprint("cart", __name__, url_prefix="/cart")
QUICK_ROWS = 3
MOST_PASTED_LINES = 500


@blueprint.get("")
def cart() -> str:
    return _page(carts.get_cart())


@blueprint.post("")
def edit() -> ResponseReturnValue:
    """Take the quantities of the form; the button `remove` names the one SKU to drop."""
    before = carts.get_cart()
    form = request.form.to_dict()
    removed = form.get("remove")
    if removed:
        form[f"quantity-{removed}"] = "0"
    lines, unread = edited_lines(before, form)
    remember_cart(carts.replace(lines))
    if unread:
        flash(f"The quantity of {', '.join(unread)} is not a whole number from 1 to 1,000,000.", "bad")
    elif removed:
        _offer_undo(before, removed)
    elif form.get("go") == "checkout":
        return redirect(url_for("checkout.review"))
    else:
        flash("Your cart is up to date.", "good")
    return redirect(url_for("cart.cart"))


@blueprint.post("/items")
def add() -> ResponseReturnValue:
    sku = request.form.get("sku", "").strip()
    back = safe_next(request.form.get("back"), url_for("cart.cart"))
    quantity = parse_quantity(request.form.get("quantity", "1"))
    if quantity is None:
        flash("Enter a whole number from 1 to 1,000,000.", "bad")
        return redirect(back)
    try:
        remember_cart(carts.add(sku, quantity))
    except UpstreamRefused as refusal:
        flash(_reason(refusal, sku), "bad")
        return redirect(back)
    flash(f"{plural(quantity, 'unit')} of {sku} added to your cart.", "added")
    return redirect(back)


@blueprint.post("/quick-order")
def quick_order() -> ResponseReturnValue:
    """Add rows typed as SKU and quantity, and lines pasted from a spreadsheet."""
    rows = zip(request.form.getlist("sku"), request.form.getlist("quantity"), strict=False)
    typed = "\n".join(f"{sku}\t{quantity or 1}" for sku, quantity in rows if sku.strip())
    lines, unread = parse_quick_order(f"{typed}\n{request.form.get('lines', '')}")
    refused = [f"{line.text}: {line.reason}" for line in unread]
    if len(lines) > MOST_PASTED_LINES:
        refused.append(f"Only the first {MOST_PASTED_LINES} lines were read.")
    added, left_out = _add(lines[:MOST_PASTED_LINES])
    refused += [f"{sku}: {reason}" for sku, reason in left_out.items()]
    if added:
        flash(f"{plural(added, 'line')} added to your cart.", "good")
    elif not refused:
        flash("Enter at least one SKU.", "bad")
    for reason in [*refused[:10], *([f"… and {len(refused) - 10} more."] if len(refused) > 10 else [])]:
        flash(reason, "bad")
    return redirect(url_for("cart.cart"))


@blueprint.post("/within-stock")
def cut_to_stock() -> ResponseReturnValue:
    """Lower every quantity to what can be delivered now."""
    remember_cart(carts.replace(within_stock(carts.get_cart())))
    flash("Quantities were lowered to what is in stock.", "good")
    return redirect(url_for("cart.cart"))


def _add(lines: list[QuickLine]) -> tuple[int, dict[str, str]]:
    """Put lines into the cart; return how many it took, and the reason for each SKU that it did not."""
    if not lines:
        return 0, {}
    cart, left_out = carts.add_many({"sku": line.sku, "quantity": line.quantity} for line in lines)
    remember_cart(cart)
    return sum(line.sku not in left_out for line in lines), left_out


def _page(found: dict[str, Any]) -> str:
    remember_cart(found)
    lines = cart_lines(found)
    return render_template(
        "cart/cart.html",
        cart=found,
        lines=lines,
        units=units_in(lines),
        is_short=any(line["warning"] for line in lines),
        quick_rows=QUICK_ROWS,
    )


def _offer_undo(before: dict[str, Any], sku: str) -> None:
    """Say what was removed, with what the form of the message needs to put it back."""
    quantity = sum(line["quantity"] for line in before["line_items"] if line["sku"] == sku)
    if quantity:
        flash(f"{sku}|{quantity}", "removed")


def _reason(refusal: UpstreamRefused, sku: str) -> str:
    if refusal.status in (404, 422):
        return f"{sku}: {refusal.errors[0].detail if refusal.errors else 'there is no such product'}"
    return f"{sku}: {refusal.detail or refusal.title}"
