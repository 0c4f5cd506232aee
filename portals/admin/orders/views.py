"""Orders of every company: finding one, reading it, cancelling it."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portals.admin.companies.client import companies
from portals.admin.orders.client import Order, orders
from portals.admin.orders.forms import CancellationForm, StaffOrderSearchForm
from portals.admin.orders.presenter import (
    cancellation_question,
    order_actions,
    refundable,
    remainder_question,
    shown_failures,
    shown_lines,
)
from shared.calls.service_client import UpstreamRefused
from shared.portal.answers import Page
from shared.portal.faults import WHOLE_FORM, Faults
from shared.portal.form_keys import new_form_key
from shared.portal.gateway import Query
from shared.portal.orders import returns_of, shipments_of
from shared.portal.paging import wanted_cursor
from shared.portal.permissions import may, needs
from shared.portal.questions import Question, ask_once
from shared.portal.statuses import ORDER_WORDS, status_word

blueprint = Blueprint("orders", __name__, url_prefix="/orders")
LONGEST_FIND = 100


@blueprint.get("")
def order_list() -> str:
    form = StaffOrderSearchForm(request.args)
    wanted, faults = _wanted(form)
    page = Page[Order](items=[]) if faults else orders.find_orders(wanted, wanted_cursor())
    return render_template(
        "orders/order_list.html",
        page=page,
        names=companies.names(order.company_id for order in page.items),
        form=form,
        faults=faults,
        words=ORDER_WORDS,
    )


@blueprint.get("/<order_id>")
def order_detail(order_id: str) -> str:
    return order_page(order_id)


def order_page(order_id: str, *, sent: str = "", faults: Faults | None = None) -> str:
    """Return the page of an order; `sent` is the form that has `faults`: `ship`, `return`, `refund` or `settle`."""
    order = orders.get_order(order_id)
    payment = orders.find_payment(order) if may("payments:read") else None
    actions = order_actions(order, sent or request.args.get("do", ""))
    find = "" if sent else request.args.get("find", "").strip()[:LONGEST_FIND]
    return render_template(
        "orders/order_detail.html",
        order=order,
        company=companies.names([order.company_id])[order.company_id],
        payment=payment,
        refundable=refundable(payment) if actions.refund else None,
        actions=actions,
        mode=actions.mode,
        find=find,
        lines=shown_lines(order, find),
        shipments=shipments_of(order)[::-1],
        returns=returns_of(order)[::-1],
        failures=shown_failures(order),
        sent=sent,
        faults=faults or {},
        typed=request.form,
        form_key=new_form_key(),
    )


def changed_page(order: Order, action: str) -> ResponseReturnValue | None:
    """
    Return the order as it is now when it no longer allows what a form asks for, None when it does.

    A form that was confirmed goes to the API: sent twice, it finds there what it has done.
    """
    if order.allows(action) or request.form.get("confirmed"):
        return None
    word = status_word("order", order.status).label
    fault = f"The order changed while you looked at it, and nothing was done. It is now: {word}."
    return order_page(order.id, faults={WHOLE_FORM: fault}), 409


@blueprint.post("/<order_id>/cancellation")
@needs("orders:write")
def cancel(order_id: str) -> ResponseReturnValue:
    return _cancelled(
        order_id,
        "cancel",
        orders.cancel,
        cancellation_question,
        done="Order {} is cancelled; its stock is free again.",
        refused="This order can no longer be cancelled.",
    )


@blueprint.post("/<order_id>/remainder-cancellation")
@needs("orders:write")
def cancel_remainder(order_id: str) -> ResponseReturnValue:
    return _cancelled(
        order_id,
        "cancel_remainder",
        orders.cancel_remainder,
        remainder_question,
        done="What was left of order {} is cancelled; its stock is free again.",
        refused="There is nothing left of this order to cancel.",
    )


def _cancelled(
    order_id: str,
    action: str,
    cancel: Callable[[str, str], Order],
    question: Callable[[Order, str], Question],
    *,
    done: str,
    refused: str,
) -> ResponseReturnValue:
    """Ask, cancel, and show the order with the outcome: `done` with its number, or the API's reason, else `refused`."""
    back = url_for("orders.order_detail", order_id=order_id)
    order = orders.get_order(order_id)
    if stopped := changed_page(order, action) or ask_once(question(order, back)):
        return stopped
    form = CancellationForm(request.form)
    try:
        order = cancel(order_id, form.reason.data or "Cancelled by the merchant")
        flash(done.format(order.number), "good")
    except UpstreamRefused as refusal:
        if refusal.status != 409:
            raise
        flash(refusal.detail or refused, "bad")
    return redirect(back)


def _wanted(form: StaffOrderSearchForm) -> tuple[Query, Faults]:
    """Return the query for the API, and what is wrong with the fields that cannot be used."""
    form.validate()
    faults = form.faults
    company = form.company.data
    company_id = companies.find_id(company) if company else None
    if company and company_id is None:
        faults["company"] = "There is no company with this id or reference."
    attention = "true" if form.needs_attention.data else None
    return form.query() | {"company_id": company_id, "needs_attention": attention}, faults
