"""Accepting an invitation: the page behind a link, for people who cannot sign in yet."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from shared.calls.service_client import UpstreamRefused
from shared.portal.answers import Answer
from shared.portal.error_pages import field_errors
from shared.portal.gateway import Call, Transport

GONE = {404, 410}
MISTYPED = {"name": "Enter your name."}


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
            if request.method == "GET":
                return _form(token, invitation, {})
            return _accept(client, token, invitation)
        except UpstreamRefused as refusal:
            if refusal.status not in GONE:
                raise
            return render_template("invitation.html", closed=refusal.title), refusal.status

    return blueprint


def _accept(client: InvitationClient, token: str, invitation: Invitation) -> ResponseReturnValue:
    password = request.form.get("password", "")
    if password != request.form.get("again", ""):
        return _form(token, invitation, {"again": "This is not the same password."})
    try:
        client.accept(token, request.form.get("name", "").strip(), password)
    except UpstreamRefused as refusal:
        if refusal.status != 422:
            raise
        return _form(token, invitation, {name: MISTYPED.get(name, said) for name, said in _faults(refusal)})
    flash(f"Welcome. Sign in as {invitation.email} with your new password.", "good")
    return redirect(url_for("sign_in.sign_in"))


def _form(token: str, invitation: Invitation, faults: dict[str, str]) -> ResponseReturnValue:
    name = request.form.get("name", invitation.name)
    page = render_template("invitation.html", closed="", token=token, invitation=invitation, name=name, faults=faults)
    return page, 422 if faults else 200


def _faults(refusal: UpstreamRefused) -> list[tuple[str, str]]:
    return list(field_errors(refusal).items()) or [("password", refusal.title)]
