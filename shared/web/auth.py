"""Who may do what: `@requires` for people, `@internal` for services, `@public` said aloud."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Flask, current_app, g, request

from shared.base.errors import Forbidden, Unauthorized
from shared.observe.tracing import bind_context
from shared.web.tokens import Principal, TokenVerifier

Route = TypeVar("Route", bound=Callable[..., Any])

PERMISSION_ATTRIBUTE = "__permission__"


def register_auth(app: Flask, verifier: TokenVerifier) -> None:
    app.extensions["tradepost_verifier"] = verifier


def current_principal() -> Principal:
    """Return who asked; only inside a route that `@requires` or is `@internal`."""
    return cast(Principal, g.principal)


def requires(permission: str) -> Callable[[Route], Route]:
    """Let in whoever holds `permission`, for its own company or for `:any`; 401 or 403 otherwise."""

    def check() -> None:
        principal = _authenticate()
        if principal.service is not None or not principal.can(permission):
            raise Forbidden(f"This needs the permission {permission}", permission=permission)

    return _guarded(check, permission)


def signed_in(route: Route) -> Route:
    """Let in every person who is signed in, whatever they may do."""

    def check() -> None:
        if _authenticate().service is not None:
            raise Forbidden("This is for people")

    return _guarded(check, "signed-in")(route)


def internal(route: Route) -> Route:
    """Let in other services only, by a token minted for this one."""

    def check() -> None:
        if _authenticate().service is None:
            raise Forbidden("This is for services")

    return _guarded(check, "internal")(route)


def public(route: Route) -> Route:
    """Say that everybody may call this route."""
    setattr(route, PERMISSION_ATTRIBUTE, "public")
    return route


def _guarded(check: Callable[[], None], permission: str) -> Callable[[Route], Route]:
    def decorate(route: Route) -> Route:
        @wraps(route)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            check()
            return route(*args, **kwargs)

        setattr(guarded, PERMISSION_ATTRIBUTE, permission)
        return cast(Route, guarded)

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
