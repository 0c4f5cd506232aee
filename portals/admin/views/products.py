"""Products: the list, one product's page with prices and stock, a new product."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portals.admin.clients import products
from portals.admin.presenters import FormInvalid, break_text, product_body, read_units
from shared.calls.service_client import UpstreamRefused
from shared.portal.error_pages import field_errors
from shared.portal.formatting import major, number, plural

blueprint = Blueprint("products", __name__, url_prefix="/products")
LONGEST_TEXT = 100
NEW = dict.fromkeys(("sku", "name", "description", "category", "unit_price", "price_breaks"), "") | {"currency": "GBP"}


@blueprint.get("")
def product_list() -> str:
    text = request.args.get("q", "").strip()[:LONGEST_TEXT]
    category = request.args.get("category") or None
    cursor = request.args.get("cursor")
    found = (
        products.search(text, category=category, cursor=cursor)
        if text
        else products.list_products(category=category, cursor=cursor)
    )
    return render_template("products/product_list.html", text=text, category=category, found=found)


@blueprint.get("/new")
def new_product() -> str:
    return _new_form(NEW, {})


@blueprint.post("/new")
def create() -> ResponseReturnValue:
    typed = request.form.to_dict()
    try:
        product = products.create({"sku": typed.get("sku", "").strip()} | product_body(typed))
    except (FormInvalid, UpstreamRefused) as refusal:
        return _new_form(NEW | typed, _faults(refusal)), 422
    flash(f"{product['sku']} is created. Set its stock below.", "good")
    return redirect(url_for("products.product", sku=product["sku"]))


@blueprint.get("/<path:sku>")
def product(sku: str) -> str:
    return _page(products.get_product(sku), {}, {})


@blueprint.post("/<path:sku>")
def change(sku: str) -> ResponseReturnValue:
    """Change the product or its stock; the button `part` says which form was sent."""
    part = request.form.get("part")
    actions = {"inventory": _set_inventory, "activity": _set_activity}
    try:
        actions.get(part or "", _set_fields)(sku)
    except (FormInvalid, UpstreamRefused) as refusal:
        return _page(products.get_product(sku), request.form.to_dict(), _faults(refusal)), 422
    return redirect(url_for("products.product", sku=sku))


def _set_fields(sku: str) -> None:
    products.change(sku, product_body(request.form))
    flash("Saved. The search shows the change in a moment.", "good")


def _set_activity(sku: str) -> None:
    is_active = request.form.get("is_active") == "yes"
    products.change(sku, {"is_active": is_active})
    flash(f"{sku} is {'sold again' if is_active else 'no longer sold; its orders stay as they are'}.", "good")


def _set_inventory(sku: str) -> None:
    if request.form.get("is_stocked") == "no":
        products.set_on_hand(sku, None)
        flash(f"{sku} is not stocked any more: it never runs out.", "good")
        return
    before = products.get_inventory(sku)["on_hand"]
    on_hand = read_units(request.form.get("on_hand", ""), field="on_hand")
    products.set_on_hand(sku, on_hand)
    flash(f"{plural(on_hand, 'unit')} on hand; before: {number(before)}.", "good")


def _page(found: dict[str, Any], typed: dict[str, str], faults: dict[str, str]) -> str:
    stored = {name: found[name] for name in ("name", "description", "category")}
    prices = {"unit_price": major(found["unit_price"]), "price_breaks": break_text(found)}
    values = {**stored, **prices, "currency": found["unit_price"]["currency"]} | typed
    inventory = products.get_inventory(found["sku"])
    return render_template("products/product.html", product=found, inventory=inventory, values=values, faults=faults)


def _new_form(values: dict[str, str], faults: dict[str, str]) -> str:
    return render_template("products/new.html", values=values, faults=faults)


def _faults(refusal: Exception) -> dict[str, str]:
    """Return what is wrong by field; a refusal that is no matter of input goes on up."""
    if isinstance(refusal, FormInvalid):
        return {refusal.field: str(refusal)}
    if not isinstance(refusal, UpstreamRefused) or refusal.status not in (409, 422):
        raise refusal
    return field_errors(refusal) or {"form": refusal.detail or refusal.title}
