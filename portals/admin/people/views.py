"""Inviting colleagues, and the people of a company."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portals.admin.companies.client import companies
from portals.admin.people.client import Invitation, people
from portals.admin.people.forms import InvitationForm
from shared.calls.service_client import UpstreamRefused
from shared.portal.faults import Faults
from shared.portal.paging import wanted_cursor
from shared.portal.permissions import needs
from shared.portal.questions import Question, ask_once

blueprint = Blueprint("people", __name__, url_prefix="/people")

STAFF_ROLES = ("sales_rep", "merchant_admin")
COMPANY_ROLES = ("buyer", "approver")
ROLE_WORDS = {role: role.replace("_", " ").capitalize() for role in (*STAFF_ROLES, *COMPANY_ROLES)}


@blueprint.get("")
@needs("users:invite")
def people_list() -> str:
    return _page()


@blueprint.post("")
@needs("users:invite")
def invite() -> ResponseReturnValue:
    """Invite a person and show the link; it is in this answer only, so there is no redirect."""
    form = InvitationForm(request.form)
    if not form.validate():
        return _page(faults=form.faults, typed=form.typed), 422
    try:
        issued = people.invite(form.person())
    except UpstreamRefused as refusal:
        faults = form.refused(refusal, statuses=(404, 409, 422), whole="email")
        return _page(faults=faults, typed=form.typed), 422
    return _page(issued=issued)


@blueprint.post("/<user_id>/renewal")
@needs("users:invite")
def renew(user_id: str) -> str:
    """Issue a new link; the one before stops working."""
    return _page(issued=people.renew(user_id))


@blueprint.post("/<user_id>/withdrawal")
@needs("users:invite")
def withdraw(user_id: str) -> ResponseReturnValue:
    back = url_for("people.people_list")
    if asked := ask_once(withdrawal_question(request.form.get("email", ""), back)):
        return asked
    people.withdraw(user_id)
    flash("The invitation is withdrawn; its link is no longer valid.", "good")
    return redirect(back)


def withdrawal_question(email: str, back: str) -> Question:
    effects = ["Its link stops working.", "You can invite the person again."]
    return Question(f"Withdraw the invitation of {email or 'this person'}?", effects, "Yes, withdraw it", back)


def _page(
    *, issued: Invitation | None = None, faults: Faults | None = None, typed: dict[str, str] | None = None
) -> str:
    company = request.values.get("company", "").strip()
    return render_template(
        "people/people_list.html",
        page=people.list_invitations(wanted_cursor()),
        issued=issued,
        link=_link(issued) if issued else "",
        company=company,
        company_name=companies.names([company])[company] if company else "",
        roles=[(role, ROLE_WORDS[role]) for role in (COMPANY_ROLES if company else STAFF_ROLES)],
        faults=faults or {},
        typed=typed or {},
    )


def _link(issued: Invitation) -> str:
    settings = current_app.extensions["tradepost_settings"]
    portal = settings.public_customer_url if issued.company_id else settings.public_admin_url
    return f"{portal.rstrip('/')}/invitations/{issued.token}"
