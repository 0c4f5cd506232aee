"""Who is asking, whether the policy lets them, and whether they ask too often."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

from services.gateway.clients.limiter import Bucket, Decision, Limit, Limiter
from services.gateway.config import GatewaySettings
from services.gateway.errors import RateLimited
from services.gateway.policy import Access, RateClass, Route
from services.gateway.rules.passage import client_address
from shared.base.errors import Forbidden, Unauthorized
from shared.calls.wire import Body
from shared.web.tokens import Principal, TokenVerifier

Environ = dict[str, Any]


class Admission:
    """Decides for each call by its row of the policy table, before anything reaches an upstream."""

    def __init__(self, verifier: TokenVerifier, limiter: Limiter, settings: GatewaySettings) -> None:
        self._verifier = verifier
        self._limiter = limiter
        self._trusted = settings.trusted_proxies
        self._limits = {
            RateClass.PUBLIC: Limit.parse("public", settings.public_limit),
            RateClass.READ: Limit.parse("read", settings.read_limit),
            RateClass.WRITE: Limit.parse("write", settings.write_limit),
            RateClass.IMPORT: Limit.parse("import", settings.import_limit),
        }
        self._staff_limits = {
            RateClass.READ: Limit.parse("staff-read", settings.staff_read_limit),
            RateClass.WRITE: Limit.parse("staff-write", settings.staff_write_limit),
            RateClass.IMPORT: Limit.parse("staff-import", settings.staff_import_limit),
        }
        self._login_account = Limit.parse("login-account", settings.login_account_limit, strict=True)
        self._login_address = Limit.parse("login-address", settings.login_address_limit, strict=True)

    def address(self, environ: Environ) -> str:
        peer = str(environ.get("REMOTE_ADDR") or "unknown")
        if not self._trusted:
            return peer
        return client_address(peer, environ.get("HTTP_X_FORWARDED_FOR", ""), self._trusted)

    def identify(self, route: Route, environ: Environ) -> Principal | None:
        """Return who asks, None on a public route; raise Unauthorized or Forbidden."""
        if route.access is Access.PUBLIC:
            return None
        scheme, _, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthorized("Send an access token")
        principal = self._verifier.verify(token.strip())
        if principal.service is not None:
            raise Forbidden("Services do not call through the gateway")
        if isinstance(route.access, str) and not principal.can(route.access):
            raise Forbidden(f"This needs the permission {route.access}", permission=route.access)
        return principal

    def limit(self, route: Route, principal: Principal | None, address: str) -> Decision:
        """Take a token for the call; sign-ins are counted by `limit_login`."""
        if principal is None:
            return self._limiter.take([Bucket(self._limits[route.rate_class], address)])
        person = principal.actor_id or principal.id
        is_staff = principal.company_id is None or principal.actor_id is not None
        limits = self._staff_limits if is_staff else self._limits
        return self._limiter.take([Bucket(limits[route.rate_class], person)])

    def limit_login(self, body: Body | None, address: str) -> Decision:
        """Count a sign-in by address and by the account it is for, whether or not there is such an account."""
        buckets = [Bucket(self._login_address, address)]
        account = _account(body)
        if account:
            buckets.insert(0, Bucket(self._login_account, account))
        return self._limiter.take(buckets)


def refuse(decision: Decision) -> RateLimited:
    """Return the problem for a call that comes too soon."""
    wait = max(1, int(decision.wait_seconds + 0.999))
    return RateLimited(f"Try again in {wait} s", headers={"Retry-After": str(wait)})


def _account(body: Body | None) -> str:
    """Return a digest of the e-mail address that wants to sign in, "" where the body names none."""
    try:
        login = orjson.loads(b"".join(body.pieces()) if body else b"")
    except orjson.JSONDecodeError:
        return ""
    email = login.get("email") if isinstance(login, dict) else None
    if not isinstance(email, str):
        return ""
    return hashlib.sha256(email.strip().casefold().encode()).hexdigest()[:32]
