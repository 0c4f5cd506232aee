"""The companies that buy: the list, and adding one."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portals.admin.clients import companies
from shared.calls.service_client import UpstreamRefused
from shared.portal.error_pages import field_errors

blueprint = Blueprint("companies", __name__, url_prefix="/companies")


@blueprint.get("")
def company_list() -> str:
    return _page({}, {})


@blueprint.post("")
def create() -> ResponseReturnValue:
    name = request.form.get("name", "").strip()
    reference = request.form.get("reference", "").strip() or None
    if not name:
        return _page({"name": "Enter the company's name."}, request.form.to_dict()), 422
    try:
        company, is_new = companies.create(name, reference)
    except UpstreamRefused as refusal:
        if refusal.status not in (409, 422):
            raise
        faults = field_errors(refusal) or {"name": refusal.detail or refusal.title}
        return _page(faults, request.form.to_dict()), 422
    if is_new:
        flash(f"{company['name']} is added.", "good")
    else:
        flash(f"The reference {reference} belongs to {company['name']} already; nothing was added.", "warn")
    return redirect(url_for("companies.company_list"))


def _page(faults: dict[str, str], typed: dict[str, str]) -> str:
    reference = request.args.get("reference", "").strip()
    page = companies.list_companies(cursor=request.args.get("cursor"), reference=reference or None)
    return render_template("companies/company_list.html", page=page, reference=reference, faults=faults, typed=typed)
