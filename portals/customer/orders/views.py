"""The company's orders: the list, one order, cancelling it, ordering the same again."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portals.customer.cart.client import SkuQuantity, carts
from portals.customer.orders.client import Order, orders
from portals.customer.orders.forms import CancellationForm
from portals.customer.orders.presenter import cancellation_question, remainder_question, timeline
from shared.calls.service_client import UpstreamRefused
from shared.portal.answers import Page
from shared.portal.drafts import take_draft
from shared.portal.order_search import OrderSearchForm
from shared.portal.orders import find_lines, returns_of, shipments_of
from shared.portal.paging import wanted_cursor
from shared.portal.permissions import may, needs
from shared.portal.questions import Question, ask_once
from shared.portal.statuses import ORDER_WORDS

blueprint = Blueprint("orders", __name__, url_prefix="/orders")
LONGEST_FIND = 100


@blueprint.get("")
@needs("orders:read")
def order_list() -> str:
    form = OrderSearchForm(request.args)
    page = orders.find_orders(form.query(), wanted_cursor()) if form.validate() else Page[Order](items=[])
    return render_template("orders/order_list.html", page=page, form=form, faults=form.faults, words=ORDER_WORDS)


@blueprint.get("/<order_id>")
@needs("orders:read")
def order_detail(order_id: str) -> str:
    order = orders.get_order(order_id)
    find = request.args.get("find", "").strip()[:LONGEST_FIND]
    return render_template(
        "orders/order_detail.html",
        order=order,
        find=find,
        lines=find_lines(order, find),
        steps=timeline(order),
        shipments=shipments_of(order),
        returns=returns_of(order),
        can_cancel=order.allows("cancel") and may("orders:write"),
        reason=take_draft("orders.cancel", "orders.cancel_remainder").get("reason", ""),
        can_cancel_remainder=order.allows("cancel_remainder") and may("orders:write"),
    )


@blueprint.post("/<order_id>/cancellation")
@needs("orders:write")
def cancel(order_id: str) -> ResponseReturnValue:
    return _cancelled(
        order_id,
        orders.cancel,
        cancellation_question,
        done="Order {} is cancelled. Nothing will be charged.",
        refused="This order can no longer be cancelled: it is already on its way.",
    )


@blueprint.post("/<order_id>/remainder-cancellation")
@needs("orders:write")
def cancel_remainder(order_id: str) -> ResponseReturnValue:
    return _cancelled(
        order_id,
        orders.cancel_remainder,
        remainder_question,
        done="What was left of order {} is cancelled and will not be charged.",
        refused="There is nothing left of this order to cancel.",
    )


def _cancelled(
    order_id: str,
    cancel: Callable[[str, str], Order],
    question: Callable[[Order, str], Question],
    *,
    done: str,
    refused: str,
) -> ResponseReturnValue:
    """Ask, cancel, and show the order with the outcome: `done` with its number, or `refused`."""
    back = url_for("orders.order_detail", order_id=order_id)
    if asked := ask_once(question(orders.get_order(order_id), back)):
        return asked
    form = CancellationForm(request.form)
    try:
        order = cancel(order_id, form.reason.data or "Cancelled by the buyer")
        flash(done.format(order.number), "good")
    except UpstreamRefused as refusal:
        if refusal.status != 409:
            raise
        flash(refused, "bad")
    return redirect(back)


@blueprint.post("/<order_id>/reorder")
@needs("cart:write")
def reorder(order_id: str) -> ResponseReturnValue:
    """Add the lines of an order to the cart, at today's prices."""
    order = orders.get_order(order_id)
    missing = carts.add_many(SkuQuantity(line.sku, line.quantity) for line in order.line_items)
    if missing:
        flash(f"No longer sold and left out: {', '.join(missing)}.", "warn")
    flash(f"The lines of {order.number} are in your cart, at today's prices.", "good")
    return redirect(url_for("cart.cart"))
