"""The company's orders: the list, one order, cancelling it, ordering the same again."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portals.customer.clients import carts, orders
from portals.customer.presenters import can_cancel, shipment_rows, timeline
from portals.customer.views.cart_memory import remember_cart
from shared.calls.service_client import UpstreamRefused
from shared.portal.statuses import ORDER_WORDS

blueprint = Blueprint("orders", __name__, url_prefix="/orders")


@blueprint.get("")
def order_list() -> str:
    status = request.args.get("status")
    chosen = status if status in ORDER_WORDS else None
    page = orders.list_orders(status=chosen, cursor=request.args.get("cursor"))
    return render_template("orders/order_list.html", page=page, chosen=chosen, words=ORDER_WORDS)


@blueprint.get("/<order_id>")
def order_detail(order_id: str) -> str:
    order = orders.get_order(order_id)
    return render_template(
        "orders/order_detail.html",
        order=order,
        steps=timeline(order),
        shipments=shipment_rows(order, "shipments"),
        returns=shipment_rows(order, "returns"),
        can_cancel=can_cancel(order),
    )


@blueprint.post("/<order_id>/cancellation")
def cancel(order_id: str) -> ResponseReturnValue:
    reason = request.form.get("reason", "").strip() or "Cancelled by the buyer"
    try:
        order = orders.cancel(order_id, reason)
        flash(f"Order {order['number']} is cancelled. Nothing will be charged.", "good")
    except UpstreamRefused as refusal:
        if refusal.status != 409:
            raise
        flash("This order can no longer be cancelled: it is already on its way.", "bad")
    return redirect(url_for("orders.order_detail", order_id=order_id))


@blueprint.post("/<order_id>/reorder")
def reorder(order_id: str) -> ResponseReturnValue:
    """Put the lines of an order into the cart, on top of what is there, at today's prices."""
    order = orders.get_order(order_id)
    cart, missing = carts.add_many(order["line_items"])
    remember_cart(cart)
    if missing:
        flash(f"No longer sold and left out: {', '.join(missing)}.", "warn")
    flash(f"The lines of {order['number']} are in your cart, at today's prices.", "good")
    return redirect(url_for("cart.cart"))
