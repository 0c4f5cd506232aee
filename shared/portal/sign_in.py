"""Sign-in and sign-out, the same for both portals but for who may use them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import msgspec
from flask import Blueprint, current_app, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from wtforms import StringField
from wtforms.validators import DataRequired

from shared.calls.resilience import UpstreamUnavailable
from shared.calls.service_client import UpstreamRefused
from shared.observe.observability import bind_context, get_logger
from shared.portal.answers import Grant, Viewer
from shared.portal.devices import device_token, remember_device
from shared.portal.drafts import draft_sender, kept_draft
from shared.portal.faults import WHOLE_FORM, Faults
from shared.portal.forms import PortalForm, TextField
from shared.portal.gateway import Call, Transport
from shared.portal.navigation import safe_next
from shared.portal.reading import is_read
from shared.portal.sessions import PortalSession
from shared.portal.tokens import SignInNeeded, TokenStore

log = get_logger()

OPEN_ENDPOINTS = {
    *("static", "bootstrap.static", "live", "ready", "metrics", "robots"),
    *("sign_in.sign_in", "sign_in.sign_out", "invitations.accept", None),
}
NOT_CARRIED_OVER = {"csrf_token", "draft", "left_by", "viewer", "_flashes"}
NOT_SENT = "Your sign-in had ended, so nothing was sent. Check it, then send it again."
NOT_YOURS = "Nothing was sent. What was typed before you signed in was another person's, and is gone."
NO_MATCH = "That e-mail address and password do not belong together."


class SignInForm(PortalForm):
    """Only what is empty is refused here: which addresses and passwords there are, the gateway knows."""

    email = TextField(validators=[DataRequired("Enter your e-mail address.")])
    password = StringField(validators=[DataRequired("Enter your password.")])


# Returns why a person may not use this portal, None when the person may.
AccessCheck = Callable[[Viewer], str | None]


class GatewayAuthority:
    """Signing in, refreshing and signing out at the gateway."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def login(self, email: str, password: str, device_token: str) -> Grant:
        given = {"email": email, "password": password, "device_token": device_token, "remember_device": True}
        return self._grant("/auth/login", given)

    def refresh(self, refresh_token: str) -> Grant:
        return self._grant("/auth/refresh", {"refresh_token": refresh_token})

    def logout(self, refresh_token: str) -> None:
        self._transport.send(Call("POST", "/auth/logout", body={"refresh_token": refresh_token}), None)

    def me(self, access_token: str) -> Viewer:
        return self._transport.send(Call("GET", "/me"), access_token).read(Viewer)

    def _grant(self, path: str, body: dict[str, Any]) -> Grant:
        return self._transport.send(Call("POST", path, body=body), None).read(Grant)


def make_blueprint(authority: GatewayAuthority, tokens: TokenStore, check_access: AccessCheck) -> Blueprint:
    """Return the pages `/sign-in` and `/sign-out`."""
    blueprint = Blueprint("sign_in", __name__)

    @blueprint.route("/sign-in", methods=["GET", "POST"])
    def sign_in() -> ResponseReturnValue:
        """Show the form, or sign a person in and redirect to the requested page."""
        target = safe_next(request.values.get("next"), url_for("home.home"))
        if is_read():
            return redirect(target) if session.get("viewer") else _form(target)
        form = SignInForm(request.form)
        email = form.email.data
        if not form.validate():
            return _form(target, email=email, faults=form.faults, status=422)
        try:
            grant = authority.login(email, form.password.data, device_token())
            viewer = authority.me(grant.access_token)
        except UpstreamRefused as refusal:
            return _form(target, email=email, faults={WHOLE_FORM: _reason(refusal)}, status=refusal.status)
        objection = check_access(viewer)
        if objection:
            authority.logout(grant.refresh_token)
            return _form(target, email=email, faults={WHOLE_FORM: objection}, status=403)
        tokens.start(grant, _renewed_session(viewer))
        log.info("signed_in", user_id=viewer.id)
        return remember_device(redirect(target), grant.device_token)

    @blueprint.post("/sign-out")
    def sign_out() -> ResponseReturnValue:
        """Revoke the tokens and end the session; the session ends also while the gateway is unavailable."""
        try:
            tokens.stop()
        except (UpstreamRefused, UpstreamUnavailable) as failure:
            log.warning("sign_out_failed_at_gateway", failure=type(failure).__name__)
        _session().end()
        flash("You are signed out.", "good")
        return redirect(url_for("sign_in.sign_in"))

    return blueprint


def require_sign_in() -> None:
    """Redirect to the sign-in without a session; a `before_request` of the whole portal."""
    if request.endpoint in OPEN_ENDPOINTS:
        return
    viewer = session.get("viewer")
    if viewer is None:
        raise SignInNeeded
    bind_context(user_id=viewer["id"])


def _form(target: str, *, email: str = "", faults: Faults | None = None, status: int = 200) -> ResponseReturnValue:
    settings = current_app.extensions["tradepost_settings"]
    page = render_template(
        "sign_in.html", next=target, email=email, faults=faults or {}, is_demo=settings.tradepost_env == "demo"
    )
    return page, status


def _reason(refusal: UpstreamRefused) -> str:
    if refusal.status == 401:
        return NO_MATCH
    if refusal.status == 422:
        return NO_MATCH
    return refusal.detail or "You cannot sign in right now. Try again in a moment."


def _renewed_session(viewer: Viewer) -> str:
    """Begin the session of the person and return its id; say what became of a form that was sent before."""
    left, sender = _left_by(viewer), draft_sender()
    session_id = _session().renew()
    session.update(left, viewer=msgspec.to_builtins(viewer))
    if sender:
        flash(NOT_SENT if sender == viewer.id else NOT_YOURS, "warn")
    return session_id


def _left_by(viewer: Viewer) -> dict[str, Any]:
    """Return the state of the ended session (an open checkout) and its draft for the same person, else nothing."""
    draft = kept_draft() if draft_sender() == viewer.id else {}
    if session.get("left_by") != viewer.id:
        return draft
    return {key: value for key, value in session.items() if key not in NOT_CARRIED_OVER} | draft


def _session() -> PortalSession:
    current: Any = session
    return cast(PortalSession, current._get_current_object())
