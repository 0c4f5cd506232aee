"""Orders of every company: finding one, reading it, cancelling it."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portals.admin.companies.client import companies
from portals.admin.orders.client import Order, OrdersFilter, orders
from portals.admin.orders.forms import CancellationForm, OrderFilters
from portals.admin.orders.presenter import lines_to_return, lines_to_ship, refundable, shown_failures
from shared.calls.service_client import UpstreamRefused
from shared.portal.answers import Page
from shared.portal.faults import Faults
from shared.portal.form_keys import new_form_key
from shared.portal.orders import returns_of, shipments_of
from shared.portal.statuses import ORDER_WORDS

blueprint = Blueprint("orders", __name__, url_prefix="/orders")


@blueprint.get("")
def order_list() -> str:
    filters = OrderFilters(request.args)
    wanted, faults = _filter(filters)
    page = orders.list_orders(wanted) if not faults else Page[Order](items=[])
    return render_template(
        "orders/order_list.html",
        page=page,
        names=companies.names(order.company_id for order in page.items),
        shown=filters.typed,
        kept={name: value for name, value in filters.typed.items() if value},
        faults=faults,
        words=ORDER_WORDS,
    )


@blueprint.get("/<order_id>")
def order_detail(order_id: str) -> str:
    return order_page(order_id)


def order_page(order_id: str, *, sent: str = "", faults: Faults | None = None) -> str:
    """Return the page of an order; `sent` is the form that has `faults`: `ship`, `return`, `refund` or `settle`."""
    order = orders.get_order(order_id)
    payment = orders.find_payment(order)
    return render_template(
        "orders/order_detail.html",
        order=order,
        company=companies.names([order.company_id])[order.company_id],
        payment=payment,
        refundable=refundable(payment),
        open_lines=lines_to_ship(order),
        returnable=lines_to_return(order),
        shipments=shipments_of(order)[::-1],
        returns=returns_of(order)[::-1],
        failures=shown_failures(order),
        can_settle=order.allows("settle"),
        can_cancel=order.allows("cancel"),
        can_cancel_remainder=order.allows("cancel_remainder"),
        sent=sent,
        faults=faults or {},
        typed=request.form,
        form_key=new_form_key(),
    )


@blueprint.post("/<order_id>/cancellation")
def cancel(order_id: str) -> ResponseReturnValue:
    return _cancelled(
        order_id,
        orders.cancel,
        done="Order {} is cancelled; its stock is free again.",
        refused="This order can no longer be cancelled.",
    )


@blueprint.post("/<order_id>/remainder-cancellation")
def cancel_remainder(order_id: str) -> ResponseReturnValue:
    return _cancelled(
        order_id,
        orders.cancel_remainder,
        done="What was left of order {} is cancelled; its stock is free again.",
        refused="There is nothing left of this order to cancel.",
    )


def _cancelled(order_id: str, cancel: Callable[[str, str], Order], *, done: str, refused: str) -> ResponseReturnValue:
    """Cancel, and show the order with the outcome: `done` with its number, or the API's reason, else `refused`."""
    form = CancellationForm(request.form)
    try:
        order = cancel(order_id, form.reason.data or "Cancelled by the merchant")
        flash(done.format(order.number), "good")
    except UpstreamRefused as refusal:
        if refusal.status != 409:
            raise
        flash(refusal.detail or refused, "bad")
    return redirect(url_for("orders.order_detail", order_id=order_id))


def _filter(filters: OrderFilters) -> tuple[OrdersFilter, dict[str, str]]:
    """Return the filter for the API, and what is wrong with the fields that cannot be used."""
    filters.validate()
    faults = filters.faults
    company = filters.company.data
    company_id = companies.find_id(company) if company else None
    if company and company_id is None:
        faults["company"] = "There is no company with this id or reference."
    wanted = OrdersFilter(
        status=filters.chosen_status,
        reference=filters.reference.data or None,
        ordered_on=filters.ordered_on.data or None,
        company_id=company_id,
        needs_attention="true" if filters.needs_attention.data else None,
        cursor=request.args.get("cursor"),
    )
    return wanted, faults
