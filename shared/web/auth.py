"""Access to routes: `@requires` and `@signed_in` for people, `@internal` for services, `@public` for every caller."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Flask, current_app, g, request

from shared.base.errors import AccessTokenInvalid, Forbidden, Unauthorized
from shared.observe.tracing import bind_context
from shared.web.documented import document
from shared.web.tokens import Principal, TokenVerifier

Route = TypeVar("Route", bound=Callable[..., Any])

PERMISSION_ATTRIBUTE = "__permission__"
CALLERS_ATTRIBUTE = "__callers__"


def register_auth(app: Flask, verifier: TokenVerifier) -> None:
    app.extensions["tradepost_verifier"] = verifier


def current_principal() -> Principal:
    """Return the caller; only inside a route with `@requires`, `@signed_in` or `@internal`."""
    return cast(Principal, g.principal)


def client_address() -> str:
    """Return the client's address as the gateway saw it, or that of a caller inside the platform."""
    return request.headers.get("X-Forwarded-For", request.remote_addr or "").rpartition(",")[2].strip()[:64]


def requires(permission: str) -> Callable[[Route], Route]:
    """Allow callers with `permission`, for their own company or `:any`; others get 401 or 403."""

    def check() -> None:
        principal = _authenticate()
        if principal.service is not None or not principal.can(permission):
            raise Forbidden(f"The permission {permission} is required", permission=permission)

    return _guarded(check, permission)


def signed_in(route: Route) -> Route:
    """Allow every signed-in person, without any permission; services get 403."""

    def check() -> None:
        if _authenticate().service is not None:
            raise Forbidden("Services cannot call this route")

    return _guarded(check, "signed-in")(route)


def internal(*callers: str) -> Callable[[Route], Route]:
    """Allow the services `callers` only, each with a token issued for this service; others get 403."""

    def check() -> None:
        service = _authenticate().service
        if service is None:
            raise Forbidden("Only services can call this route")
        if service not in callers:
            raise Forbidden(f"The service {service} cannot call this route")

    def decorate(route: Route) -> Route:
        guarded = _guarded(check, "internal")(route)
        setattr(guarded, CALLERS_ATTRIBUTE, callers)
        return guarded

    return decorate


def public(route: Route) -> Route:
    """Allow every caller, without a token."""
    setattr(route, PERMISSION_ATTRIBUTE, "public")
    return route


def _guarded(check: Callable[[], None], permission: str) -> Callable[[Route], Route]:
    def decorate(route: Route) -> Route:
        @wraps(route)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            check()
            return route(*args, **kwargs)

        setattr(guarded, PERMISSION_ATTRIBUTE, permission)
        return document(cast(Route, guarded), problems=(Unauthorized, AccessTokenInvalid, Forbidden))

    return decorate


def _authenticate() -> Principal:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthorized("Send an access token")
    principal = _verifier().verify(token.strip())
    g.principal = principal
    g.access_token = token.strip()
    bind_context(user_id=principal.id, company_id=principal.company_id, acted_by=principal.actor_id)
    return principal


def _verifier() -> TokenVerifier:
    return cast(TokenVerifier, current_app.extensions["tradepost_verifier"])
