"""Products: the list, one product's page with prices and stock, a new product."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portals.admin.currencies.client import currencies
from portals.admin.products.client import Inventory, Product, products
from portals.admin.products.forms import ChangeForm, ProductForm, StockForm, finer_than_a_coin, text_fields, values_of
from portals.admin.products.presenter import stocking_question
from shared.base.money import currencies as all_currencies
from shared.calls.service_client import UpstreamRefused
from shared.portal.faults import WHOLE_FORM, Faults
from shared.portal.form_tags import STALE, changed_meanwhile, is_stale, sent_tag, tag_to_send
from shared.portal.formatting import money, number, plural
from shared.portal.paging import wanted_cursor
from shared.portal.permissions import may, needs
from shared.portal.questions import ask_once

blueprint = Blueprint("products", __name__, url_prefix="/products")
LONGEST_TEXT = 100


@blueprint.get("")
def product_list() -> str:
    text = request.args.get("q", "").strip()[:LONGEST_TEXT]
    category = request.args.get("category") or None
    found = (
        products.search(text, category, wanted_cursor()) if text else products.list_products(category, wanted_cursor())
    )
    return render_template("products/product_list.html", text=text, category=category, found=found)


@blueprint.get("/new")
@needs("products:read", "products:write")
def new_product() -> str:
    offered = _offered()
    return _new_form(ProductForm().typed | {"currency": offered[0] if len(offered) == 1 else "GBP"}, {})


@blueprint.post("/new")
@needs("products:read", "products:write")
def create() -> ResponseReturnValue:
    form = ProductForm(request.form)
    if not form.validate():
        return _new_form(form.typed, form.faults), 422
    try:
        product = products.create(form.product())
    except UpstreamRefused as refusal:
        whole = "sku" if refusal.kind == "sku-taken" else WHOLE_FORM
        return _new_form(form.typed, form.refused(refusal, whole=whole)), 422
    flash(f"{product.sku} is created. Set its stock below.", "good")
    return redirect(url_for("products.product", sku=product.sku))


@blueprint.get("/<path:sku>")
def product(sku: str) -> str:
    return _page(products.get_product(sku), {}, {})


@blueprint.post("/<path:sku>")
def change(sku: str) -> ResponseReturnValue:
    """Change the product or its stock; the button `part` names the form that was sent."""
    actions: dict[str, Callable[[str], Faults]] = {"inventory": _set_inventory, "activity": _set_activity}
    part = request.form.get("part", "")
    if not may("inventory:write" if part == "inventory" else "products:write"):
        abort(403)
    if part == "inventory" and request.form.get("is_stocked") == "no":
        return _stop_stocking(sku)
    faults = actions.get(part, _set_fields)(sku)
    if faults:
        return _page(products.get_product(sku), request.form.to_dict(), faults), 422
    return redirect(url_for("products.product", sku=sku))


def _differences(found: Product, inventory: Inventory, typed: dict[str, str]) -> Faults:
    """Return what someone else stored since the form was shown, beside what was typed into it."""
    count = "not stocked" if inventory.on_hand is None else str(inventory.on_hand)
    shown = {"unit_price": money(found.unit_price), "on_hand": count}
    return changed_meanwhile(typed, values_of(found) | {"on_hand": count}, shown)


def _set_fields(sku: str) -> Faults:
    form = ChangeForm(request.form)
    if not form.validate():
        return form.faults
    try:
        products.change(sku, form.product(), tag=sent_tag())
    except UpstreamRefused as refusal:
        return STALE if is_stale(refusal) else form.refused(refusal)
    flash("Saved. The search shows the change in a moment.", "good")
    return {}


def _set_activity(sku: str) -> Faults:
    is_active = request.form.get("is_active") == "yes"
    products.set_active(sku, is_active=is_active)
    flash(f"{sku} is {'sold again' if is_active else 'no longer sold; its orders stay as they are'}.", "good")
    return {}


def _set_inventory(sku: str) -> Faults:
    form = StockForm(request.form)
    if not form.validate():
        return form.faults
    before = products.get_inventory(sku).on_hand
    try:
        products.set_on_hand(sku, form.on_hand.units, tag=sent_tag())
    except UpstreamRefused as refusal:
        return STALE if is_stale(refusal) else form.refused(refusal, whole="on_hand")
    flash(f"{plural(form.on_hand.units, 'unit')} on hand; before: {number(before)}.", "good")
    return {}


def _stop_stocking(sku: str) -> ResponseReturnValue:
    """Ask, then forget the stock; the message has the units, to put them back."""
    here, found = url_for("products.product", sku=sku), products.get_inventory(sku)
    if asked := ask_once(stocking_question(sku, found, here)):
        return asked
    try:
        products.set_on_hand(sku, None, tag=sent_tag())
    except UpstreamRefused as refusal:
        if not is_stale(refusal):
            raise
        return _page(products.get_product(sku), {}, STALE), 422
    flash(f"{sku}|{found.on_hand or 0}", "unstocked")
    return redirect(here)


def _page(found: Product, typed: dict[str, str], faults: Faults) -> str:
    inventory = products.get_inventory(found.sku)
    values = values_of(found) | typed
    is_of_stock = typed.get("part") == "inventory"
    if faults == STALE:
        faults = _differences(found, inventory, typed)
    return render_template(
        "products/product.html",
        product=found,
        inventory=inventory,
        product_tag=tag_to_send(found.tag, {} if is_of_stock else faults),
        inventory_tag=tag_to_send(inventory.tag, faults if is_of_stock else {}),
        texts=text_fields(),
        currencies=all_currencies(),
        offered=_offered() if found.unit_price.currency not in all_currencies() else [],
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
