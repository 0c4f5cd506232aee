"""Signing in and out, the same for both portals but for whom they let in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from flask import Blueprint, current_app, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from shared.calls.resilience import UpstreamUnavailable
from shared.calls.service_client import UpstreamRefused
from shared.observe.observability import bind_context, get_logger
from shared.portal.gateway import Call, Transport
from shared.portal.navigation import safe_next
from shared.portal.sessions import PortalSession
from shared.portal.tokens import SignInNeeded, TokenKeeper

log = get_logger()

OPEN_ENDPOINTS = {
    *("static", "bootstrap.static", "live", "ready", "metrics"),
    *("sign_in.sign_in", "sign_in.sign_out", "invitations.accept", None),
}
NOT_CARRIED_OVER = {"csrf_token", "left_by", "viewer", "_flashes"}
NO_MATCH = "That e-mail address and password do not belong together."

# Returns a sentence for a person who must not enter this portal, None for one who may.
Doorkeeper = Callable[[dict[str, Any]], str | None]


class GatewayAuthority:
    """Signing in, refreshing and signing out at the gateway."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def login(self, email: str, password: str) -> dict[str, Any]:
        return self._grant("/auth/login", {"email": email, "password": password})

    def refresh(self, refresh_token: str) -> dict[str, Any]:
        return self._grant("/auth/refresh", {"refresh_token": refresh_token})

    def logout(self, refresh_token: str) -> None:
        self._transport.send(Call("POST", "/auth/logout", body={"refresh_token": refresh_token}), None)

    def me(self, access_token: str) -> dict[str, Any]:
        return cast(dict[str, Any], self._transport.send(Call("GET", "/me"), access_token).body)

    def _grant(self, path: str, body: dict[str, str]) -> dict[str, Any]:
        return cast(dict[str, Any], self._transport.send(Call("POST", path, body=body), None).body)


def make_blueprint(authority: GatewayAuthority, keeper: TokenKeeper, doorkeeper: Doorkeeper) -> Blueprint:
    """Return the pages `/sign-in` and `/sign-out`."""
    blueprint = Blueprint("sign_in", __name__)

    @blueprint.route("/sign-in", methods=["GET", "POST"])
    def sign_in() -> ResponseReturnValue:
        """Show the form, or let somebody in and send them where they wanted to go."""
        target = safe_next(request.values.get("next"), url_for("home.home"))
        if request.method == "GET":
            return redirect(target) if session.get("viewer") else _form(target)
        email = request.form.get("email", "").strip()
        try:
            grant = authority.login(email, request.form.get("password", ""))
            viewer = authority.me(grant["access_token"])
        except UpstreamRefused as refusal:
            return _form(target, email=email, error=_reason(refusal), status=refusal.status)
        objection = doorkeeper(viewer)
        if objection:
            authority.logout(grant["refresh_token"])
            return _form(target, email=email, error=objection, status=403)
        left = _left_by(viewer)
        keeper.start(grant, _session().renew())
        session.update(left, viewer=_remembered(viewer))
        log.info("signed_in", user_id=viewer["id"])
        return redirect(target)

    @blueprint.post("/sign-out")
    def sign_out() -> ResponseReturnValue:
        """Revoke the tokens and forget the browser; an unreachable gateway does not keep anybody signed in here."""
        try:
            keeper.stop()
        except (UpstreamRefused, UpstreamUnavailable) as failure:
            log.warning("sign_out_not_announced", failure=type(failure).__name__)
        _session().end()
        flash("You are signed out.", "good")
        return redirect(url_for("sign_in.sign_in"))

    return blueprint


def require_sign_in() -> None:
    """Let nobody past but to the sign-in; a `before_request` of the whole portal."""
    if request.endpoint in OPEN_ENDPOINTS:
        return
    viewer = session.get("viewer")
    if viewer is None:
        raise SignInNeeded
    bind_context(user_id=viewer["id"])


def _form(target: str, *, email: str = "", error: str = "", status: int = 200) -> ResponseReturnValue:
    settings = current_app.extensions["tradepost_settings"]
    page = render_template(
        "sign_in.html", next=target, email=email, error=error, is_demo=settings.tradepost_env == "demo"
    )
    return page, status


def _reason(refusal: UpstreamRefused) -> str:
    if refusal.status == 401:
        return NO_MATCH
    if refusal.status == 422:
        return "Enter your e-mail address and your password."
    return refusal.detail or "You cannot sign in right now. Try again in a moment."


def _left_by(viewer: dict[str, Any]) -> dict[str, Any]:
    """Return what the same person was doing when the session ended (an open checkout), nothing for anybody else."""
    if session.get("left_by") != viewer["id"]:
        return {}
    return {key: value for key, value in session.items() if key not in NOT_CARRIED_OVER}


def _remembered(viewer: dict[str, Any]) -> dict[str, Any]:
    return {name: viewer.get(name) for name in ("id", "name", "email", "company", "roles", "permissions")}


def _session() -> PortalSession:
    current: Any = session
    return cast(PortalSession, current._get_current_object())
