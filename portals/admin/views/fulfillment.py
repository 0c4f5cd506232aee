"""What happens to a confirmed order: shipping, returns, refunds."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portals.admin.clients import orders, payments
from portals.admin.presenters import FormInvalid, read_amount, return_body, shipment_body
from portals.admin.views.orders import order_page
from shared.calls.service_client import UpstreamRefused
from shared.portal.form_keys import sent_form_key
from shared.portal.formatting import money

blueprint = Blueprint("fulfillment", __name__, url_prefix="/orders/<order_id>")


@blueprint.post("/shipments")
def ship(order_id: str) -> ResponseReturnValue:
    """Ship all that is left (button `all`), or the quantities of the form."""
    try:
        orders.ship(order_id, shipment_body(orders.get_order(order_id), request.form), key=sent_form_key())
    except (FormInvalid, UpstreamRefused) as refusal:
        return _again(order_id, "shipment", refusal)
    flash("Shipped. The payment is captured in a moment, and the buyer gets an e-mail.", "good")
    return _back(order_id)


@blueprint.post("/returns")
def take_back(order_id: str) -> ResponseReturnValue:
    try:
        orders.take_back(order_id, return_body(orders.get_order(order_id), request.form), key=sent_form_key())
    except (FormInvalid, UpstreamRefused) as refusal:
        return _again(order_id, "return", refusal)
    flash("The return is recorded; its refund is made in a moment.", "good")
    return _back(order_id)


@blueprint.post("/refunds")
def refund(order_id: str) -> ResponseReturnValue:
    """Refund an amount without anything coming back."""
    try:
        order = orders.get_order(order_id)
        currency = order["total"]["currency"]
        amount = read_amount(request.form.get("amount", ""), currency, field="refund", whole=True)
        reference = request.form.get("reference", "").strip() or None
        payments.refund(order["payment_id"], amount, reference=reference, key=sent_form_key())
    except (FormInvalid, UpstreamRefused) as refusal:
        return _again(order_id, "refund", refusal)
    flash(f"{money(amount)} is being refunded.", "good")
    return _back(order_id)


def _back(order_id: str) -> ResponseReturnValue:
    return redirect(url_for("orders.order_detail", order_id=order_id))


def _again(order_id: str, form: str, refusal: Exception) -> ResponseReturnValue:
    """Show the order again with what is wrong beside the form; refusals that are no matter of input go on up."""
    if isinstance(refusal, UpstreamRefused) and refusal.status not in (409, 422):
        raise refusal
    status = refusal.status if isinstance(refusal, UpstreamRefused) else 422
    return order_page(order_id, faults={form: _sentence(refusal)}), status


def _sentence(refusal: Exception) -> str:
    if not isinstance(refusal, UpstreamRefused):
        return str(refusal)
    details = [error.detail for error in refusal.errors]
    return " ".join(details) or refusal.detail or refusal.title
