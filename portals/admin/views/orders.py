"""Orders of every company: finding one, reading it, cancelling it."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portals.admin.clients import companies, orders, payments
from portals.admin.presenters import can_cancel, open_lines, refundable, returnable_lines, with_names
from shared.calls.service_client import UpstreamRefused
from shared.portal.form_keys import new_form_key
from shared.portal.statuses import ORDER_WORDS

blueprint = Blueprint("orders", __name__, url_prefix="/orders")


@blueprint.get("")
def order_list() -> str:
    filters, faults = _filters()
    page = orders.list_orders(filters | {"cursor": request.args.get("cursor")}) if not faults else {"items": []}
    names = companies.names(order["company_id"] for order in page["items"])
    shown = {name: request.args.get(name, "") for name in ("status", "reference", "ordered_on", "company")}
    kept = {name: value for name, value in shown.items() if value}
    return render_template(
        "orders/order_list.html", page=page, names=names, shown=shown, kept=kept, faults=faults, words=ORDER_WORDS
    )


@blueprint.get("/<order_id>")
def order_detail(order_id: str) -> str:
    return order_page(order_id)


def order_page(order_id: str, *, faults: dict[str, str] | None = None) -> str:
    """Return the page of an order; `faults` are sentences for its forms (shipment, return, refund)."""
    order = orders.get_order(order_id)
    payment = _payment(order)
    return render_template(
        "orders/order_detail.html",
        order=order,
        company=companies.names([order["company_id"]])[order["company_id"]],
        payment=payment,
        refundable=refundable(payment),
        open_lines=open_lines(order) if order["status"] in ("confirmed", "partially_shipped") else [],
        returnable=returnable_lines(order),
        shipments=with_names(order, "shipments"),
        returns=with_names(order, "returns"),
        can_cancel=can_cancel(order),
        faults=faults or {},
        typed=request.form,
        form_key=new_form_key(),
    )


@blueprint.post("/<order_id>/cancellation")
def cancel(order_id: str) -> ResponseReturnValue:
    reason = request.form.get("reason", "").strip() or "Cancelled by the merchant"
    try:
        order = orders.cancel(order_id, reason)
        flash(f"Order {order['number']} is cancelled; its stock is free again.", "good")
    except UpstreamRefused as refusal:
        if refusal.status != 409:
            raise
        flash(refusal.detail or "This order can no longer be cancelled.", "bad")
    return redirect(url_for("orders.order_detail", order_id=order_id))


def _payment(order: dict[str, Any]) -> dict[str, Any] | None:
    """Return the order's payment; None for a free order, and for staff who may not see payments."""
    if not order["payment_id"]:
        return None
    try:
        return payments.get_payment(order["payment_id"])
    except UpstreamRefused as refusal:
        if refusal.status not in (403, 404):
            raise
        return None


def _filters() -> tuple[dict[str, str | None], dict[str, str]]:
    """Return the filters for the API, and what is wrong with those that cannot be used."""
    faults: dict[str, str] = {}
    status = request.args.get("status")
    ordered_on = request.args.get("ordered_on", "").strip() or None
    if ordered_on and not _is_day(ordered_on):
        faults["ordered_on"] = "Enter a day such as 2026-11-24."
    company = request.args.get("company", "").strip()
    company_id = _company_id(company) if company else None
    if company and company_id is None:
        faults["company"] = "There is no company with this id or reference."
    return {
        "status": status if status in ORDER_WORDS else None,
        "reference": request.args.get("reference", "").strip() or None,
        "ordered_on": ordered_on,
        "company_id": company_id,
    }, faults


def _company_id(typed: str) -> str | None:
    """Return the id for what was typed: a company's id or its reference."""
    try:
        found = companies.list_companies(reference=typed)["items"]
        if found:
            return str(found[0]["id"])
        return str(companies.get_company(typed)["id"])
    except UpstreamRefused as refusal:
        if refusal.status not in (404, 422):
            raise
        return None


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == 10
