"""The companies that buy: the list, and adding one."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portals.admin.companies.client import companies
from portals.admin.companies.forms import CompanyForm
from shared.calls.service_client import UpstreamRefused
from shared.portal.faults import Faults
from shared.portal.paging import wanted_cursor
from shared.portal.permissions import needs

blueprint = Blueprint("companies", __name__, url_prefix="/companies")
LONGEST_TEXT = 100


@blueprint.get("")
def company_list() -> str:
    return _page({}, {})


@blueprint.post("")
@needs("companies:write")
def create() -> ResponseReturnValue:
    form = CompanyForm(request.form)
    if not form.validate():
        return _page(form.faults, form.typed), 422
    try:
        company, is_new = companies.create(form.name.data, form.reference.data)
    except UpstreamRefused as refusal:
        return _page(form.refused(refusal, whole="name"), form.typed), 422
    if is_new:
        flash(f"{company.name} is added.", "good")
    else:
        flash(f"The reference {company.reference} belongs to {company.name} already; nothing was added.", "warn")
    return redirect(url_for("companies.company_list"))


def _page(faults: Faults, typed: dict[str, str]) -> str:
    text = request.args.get("q", "").strip()[:LONGEST_TEXT]
    page = companies.find_companies(text, wanted_cursor())
    return render_template("companies/company_list.html", page=page, text=text, faults=faults, typed=typed)
