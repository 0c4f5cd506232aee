"""Accepting an invitation: the page behind a link, for people who cannot sign in yet."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import StringField
from wtforms.validators import DataRequired, EqualTo

from shared.calls.service_client import UpstreamRefused
from shared.portal.answers import Answer
from shared.portal.faults import Faults
from shared.portal.forms import PortalForm, TextField
from shared.portal.gateway import Call, Transport
from shared.portal.reading import is_read

GONE = {404, 410}


class AcceptanceForm(PortalForm):
    """`name` is that of the invitation until another is typed."""

    name = TextField(validators=[DataRequired("Enter your name.")])
    password = StringField(validators=[DataRequired("Choose a password.")])
    again = StringField(validators=[EqualTo("password", "This is not the same password.")])


class Invitation(Answer, frozen=True, kw_only=True):
    email: str
    name: str


class InvitationClient:
    """Invitations at the gateway, for the holder of a token; it is sent in bodies, since addresses are logged."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def lookup(self, token: str) -> Invitation:
        return self._post("lookup", {"token": token})

    def accept(self, token: str, name: str, password: str) -> Invitation:
        return self._post("acceptance", {"token": token, "name": name, "password": password})

    def _post(self, part: str, body: dict[str, str]) -> Invitation:
        return self._transport.send(Call("POST", f"/invitations/{part}", body=body), None).read(Invitation)


def make_invitations(client: InvitationClient) -> Blueprint:
    """Return the page `/invitations/<token>`."""
    blueprint = Blueprint("invitations", __name__)

    @blueprint.route("/invitations/<token>", methods=["GET", "POST"])
    def accept(token: str) -> ResponseReturnValue:
        """Show the form for name and password, or why the link is no longer valid."""
        try:
            invitation = client.lookup(token)
            if is_read():
                return _form(token, invitation, {})
            return _accept(client, token, invitation)
        except UpstreamRefused as refusal:
            if refusal.status not in GONE:
                raise
            return render_template("invitation.html", closed=refusal.title), refusal.status

    return blueprint


def _accept(client: InvitationClient, token: str, invitation: Invitation) -> ResponseReturnValue:
    form = AcceptanceForm(request.form)
    if not form.validate():
        return _form(token, invitation, form.faults)
    try:
        client.accept(token, form.name.data, form.password.data)
    except UpstreamRefused as refusal:
        return _form(token, invitation, form.refused(refusal, statuses=(422,), whole="password"))
    flash(f"Welcome. Sign in as {invitation.email} with your new password.", "good")
    return redirect(url_for("sign_in.sign_in"))


def _form(token: str, invitation: Invitation, faults: Faults) -> ResponseReturnValue:
    name = request.form.get("name", invitation.name)
    page = render_template("invitation.html", closed="", token=token, invitation=invitation, name=name, faults=faults)
    return page, 422 if faults else 200
