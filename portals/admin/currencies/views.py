"""The currencies that the installation sells in: what they are, and setting them."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portals.admin.currencies.client import SoldCurrencies, currencies
from portals.admin.currencies.forms import CurrenciesForm
from shared.calls.service_client import UpstreamRefused
from shared.portal.faults import Faults
from shared.portal.form_tags import changed_meanwhile, is_stale, sent_tag, tag_to_send
from shared.portal.permissions import needs

blueprint = Blueprint("currencies", __name__, url_prefix="/currencies")


@blueprint.get("")
def currency_list() -> str:
    sold = currencies.sold()
    return _page(sold, " ".join(sold.codes), {})


@blueprint.post("")
@needs("products:write")
def change() -> ResponseReturnValue:
    sold = currencies.sold()
    form = CurrenciesForm(request.form, sold=sold.codes)
    if not form.validate():
        return _page(sold, form.typed["codes"], form.faults), 422
    try:
        after = currencies.set(form.wanted, tag=sent_tag())
    except UpstreamRefused as refusal:
        if is_stale(refusal):
            sold = currencies.sold()
            return _page(sold, form.typed["codes"], changed_meanwhile(form.typed, {"codes": " ".join(sold.codes)})), 422
        return _page(sold, form.typed["codes"], form.refused(refusal, whole="codes")), 422
    flash(f"Saved. Prices may be in {', '.join(after.codes)}.", "good")
    return redirect(url_for("currencies.currency_list"))


def _page(sold: SoldCurrencies, typed: str, faults: Faults) -> str:
    tag = tag_to_send(sold.tag, faults)
    return render_template("currencies/currency_list.html", sold=sold, tag=tag, typed=typed, faults=faults)
