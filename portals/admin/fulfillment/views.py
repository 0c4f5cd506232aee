"""Shipping, returns, refunds and refused captures and refunds of a confirmed order."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portals.admin.fulfillment.client import fulfillment
from portals.admin.fulfillment.forms import RefundForm, SettlementForm, return_form, shipment_form
from portals.admin.fulfillment.presenter import (
    refund_question,
    return_question,
    settlement_question,
    shipment_question,
)
from portals.admin.orders.client import orders
from portals.admin.orders.views import changed_page, order_page
from shared.calls.service_client import UpstreamRefused
from shared.portal.form_keys import sent_form_key
from shared.portal.formatting import money
from shared.portal.permissions import needs
from shared.portal.questions import ask_once

blueprint = Blueprint("fulfillment", __name__, url_prefix="/orders/<order_id>")


@blueprint.get("/shipments")
@blueprint.get("/returns")
@blueprint.get("/refunds")
@blueprint.get("/settlement")
def back_to_order(order_id: str) -> ResponseReturnValue:
    """Lead to the order from the address that a form with a fault leaves in the browser."""
    return _back(order_id)


@blueprint.post("/shipments")
@needs("orders:ship")
def ship(order_id: str) -> ResponseReturnValue:
    """Ship the quantities of the form; the button `all` ships all that is left when the request arrives."""
    order = orders.get_order(order_id)
    if changed := changed_page(order, "ship"):
        return changed
    form = shipment_form(order)(request.form)
    ships_all = bool(request.form.get("all"))
    if not ships_all and not form.validate():
        return order_page(order_id, sent="ship", faults=form.faults), 422
    lines = None if ships_all else form.lines()
    if asked := ask_once(shipment_question(order, lines, _order_address(order_id))):
        return asked
    try:
        fulfillment.ship(order_id, lines, reference=form.reference, key=sent_form_key())
    except UpstreamRefused as refusal:
        return order_page(order_id, sent="ship", faults=form.refused(refusal)), refusal.status
    flash("Shipped. The payment is captured in a moment, and the buyer gets an e-mail.", "good")
    return _back(order_id)


@blueprint.post("/returns")
@needs("orders:return")
def record_return(order_id: str) -> ResponseReturnValue:
    order = orders.get_order(order_id)
    if changed := changed_page(order, "return"):
        return changed
    form = return_form(order)(request.form)
    if not form.validate():
        return order_page(order_id, sent="return", faults=form.faults), 422
    if asked := ask_once(return_question(order, form.lines(), _order_address(order_id))):
        return asked
    try:
        fulfillment.record_return(order_id, form.lines(), reference=form.reference, key=sent_form_key())
    except UpstreamRefused as refusal:
        return order_page(order_id, sent="return", faults=form.refused(refusal)), refusal.status
    flash("The return is recorded; its refund is made in a moment.", "good")
    return _back(order_id)


@blueprint.post("/refunds")
@needs("payments:refund")
def refund(order_id: str) -> ResponseReturnValue:
    """Refund an amount without a return."""
    order = orders.get_order(order_id)
    form = RefundForm(request.form, currency=order.total.currency)
    if not form.validate():
        return order_page(order_id, sent="refund", faults=form.faults), 422
    if asked := ask_once(refund_question(order, form.amount.price, _order_address(order_id))):
        return asked
    try:
        refund = fulfillment.refund(order.payment_id or "", form.amount.price, key=sent_form_key())
    except UpstreamRefused as refusal:
        return order_page(order_id, sent="refund", faults=form.refused(refusal, whole="amount")), refusal.status
    if refund.status == "failed":
        fault = f"The card processor refused the refund ({refund.reason}). Nothing was refunded."
        return order_page(order_id, sent="refund", faults={"amount": fault}), 409
    flash(f"{money(form.amount.price)} is being refunded.", "good")
    return _back(order_id)


@blueprint.post("/settlement")
@needs("orders:return")
def settle(order_id: str) -> ResponseReturnValue:
    """Note how refused captures and refunds were dealt with."""
    order = orders.get_order(order_id)
    if changed := changed_page(order, "settle"):
        return changed
    form = SettlementForm(request.form)
    if not form.validate():
        return order_page(order_id, sent="settle", faults=form.faults), 422
    if asked := ask_once(settlement_question(order, _order_address(order_id))):
        return asked
    try:
        fulfillment.settle(order_id, form.note.data)
    except UpstreamRefused as refusal:
        return order_page(order_id, sent="settle", faults=form.refused(refusal)), refusal.status
    flash("Noted. The order is no longer listed as open.", "good")
    return _back(order_id)


def _back(order_id: str) -> ResponseReturnValue:
    return redirect(_order_address(order_id))


def _order_address(order_id: str) -> str:
    return url_for("orders.order_detail", order_id=order_id)
