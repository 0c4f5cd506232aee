"""Products: the list, one product's page with prices and stock, a new product."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portals.admin.currencies.client import currencies
from portals.admin.products.client import Product, products
from portals.admin.products.forms import ProductForm, StockForm, finer_than_a_coin, text_fields, values_of
from shared.base.money import currencies as all_currencies
from shared.calls.service_client import UpstreamRefused
from shared.portal.error_pages import field_errors
from shared.portal.formatting import number, plural

blueprint = Blueprint("products", __name__, url_prefix="/products")
LONGEST_TEXT = 100

# What is wrong with a form, by field; empty when the change was made.
Faults = dict[str, str]


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
    offered = _offered()
    return _new_form(ProductForm().typed | {"currency": offered[0] if len(offered) == 1 else "GBP"}, {})


@blueprint.post("/new")
def create() -> ResponseReturnValue:
    form = ProductForm(request.form)
    if not form.validate():
        return _new_form(form.typed, form.faults), 422
    try:
        product = products.create(form.product())
    except UpstreamRefused as refusal:
        return _new_form(form.typed, _faults(refusal)), 422
    flash(f"{product.sku} is created. Set its stock below.", "good")
    return redirect(url_for("products.product", sku=product.sku))


@blueprint.get("/<path:sku>")
def product(sku: str) -> str:
    return _page(products.get_product(sku), {}, {})


@blueprint.post("/<path:sku>")
def change(sku: str) -> ResponseReturnValue:
    """Change the product or its stock; the button `part` names the form that was sent."""
    actions: dict[str, Callable[[str], Faults]] = {"inventory": _set_inventory, "activity": _set_activity}
    try:
        faults = actions.get(request.form.get("part", ""), _set_fields)(sku)
    except UpstreamRefused as refusal:
        faults = _faults(refusal)
        if request.form.get("part") == "inventory" and "form" in faults:
            faults["on_hand"] = faults.pop("form")
    if faults:
        return _page(products.get_product(sku), request.form.to_dict(), faults), 422
    return redirect(url_for("products.product", sku=sku))


def _set_fields(sku: str) -> Faults:
    form = ProductForm(request.form)
    if form.validate():
        products.change(sku, form.product())
        flash("Saved. The search shows the change in a moment.", "good")
    return form.faults


def _set_activity(sku: str) -> Faults:
    is_active = request.form.get("is_active") == "yes"
    products.set_active(sku, is_active=is_active)
    flash(f"{sku} is {'sold again' if is_active else 'no longer sold; its orders stay as they are'}.", "good")
    return {}


def _set_inventory(sku: str) -> Faults:
    if request.form.get("is_stocked") == "no":
        products.set_on_hand(sku, None)
        flash(f"{sku} is not stocked any more: it never runs out.", "good")
        return {}
    form = StockForm(request.form)
    if form.validate():
        before = products.get_inventory(sku).on_hand
        products.set_on_hand(sku, form.on_hand.units)
        flash(f"{plural(form.on_hand.units, 'unit')} on hand; before: {number(before)}.", "good")
    return form.faults


def _page(found: Product, typed: dict[str, str], faults: Faults) -> str:
    inventory = products.get_inventory(found.sku)
    values = values_of(found) | typed
    return render_template(
        "products/product.html",
        product=found,
        inventory=inventory,
        texts=text_fields(),
        currencies=all_currencies(),
        offered=_offered() if found.unit_price.currency not in all_currencies() else (),
        values=values,
        faults=faults,
        price_hint=finer_than_a_coin([values["currency"]]),
    )


def _new_form(values: dict[str, str], faults: Faults) -> str:
    offered = _offered()
    chosen = [values["currency"]] if values["currency"] in offered else offered
    return render_template(
        "products/new.html",
        texts=text_fields(),
        offered=offered,
        values=values,
        faults=faults,
        price_hint=finer_than_a_coin(chosen),
    )


def _offered() -> list[str]:
    """Return the currencies that a price may be in: those that the shop sells in, all while it sells nothing."""
    return [code for code in currencies.sold().codes if code in all_currencies()] or list(all_currencies())


def _faults(refusal: UpstreamRefused) -> Faults:
    """Return what is wrong by field; a refusal that no input can correct is raised."""
    if refusal.status not in (409, 422):
        raise refusal
    return field_errors(refusal) or {"form": refusal.detail or refusal.title}
