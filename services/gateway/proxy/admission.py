"""Who the caller is, whether the policy allows the call, and whether the caller is within its rate limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.gateway.config import GatewaySettings
from services.gateway.errors import RateLimited
from services.gateway.policy import Access, RateClass, Route
from shared.base.addresses import client_address, network_of
from shared.base.errors import Forbidden, Unauthorized
from shared.web.limiter import Bucket, Decision, Limit, Limiter
from shared.web.tokens import Principal, TokenVerifier

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class Admission:
    """Checks each call against its row of the policy table, before an upstream is called."""

    def __init__(self, verifier: TokenVerifier, limiter: Limiter, settings: GatewaySettings) -> None:
        self._verifier = verifier
        self._limiter = limiter
        self._trusted = settings.trusted_proxies
        self._limits = {
            RateClass.LOGIN: Limit.parse("login-address", settings.login_address_limit, strict=True),
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

    def address(self, environ: WSGIEnvironment) -> str:
        peer = str(environ.get("REMOTE_ADDR") or "unknown")
        if not self._trusted:
            return peer
        return client_address(peer, environ.get("HTTP_X_FORWARDED_FOR", ""), self._trusted)

    def identify(self, route: Route, environ: WSGIEnvironment) -> Principal | None:
        """Return the caller, None on a public route; raise Unauthorized or Forbidden."""
        if route.access is Access.PUBLIC:
            return None
        scheme, _, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthorized("Send an access token")
        principal = self._verifier.verify(token.strip())
        if principal.service is not None:
            raise Forbidden("Services do not call through the gateway")
        if isinstance(route.access, str) and not principal.can(route.access):
            raise Forbidden(f"The permission {route.access} is required", permission=route.access)
        return principal

    def limit(self, route: Route, principal: Principal | None, address: str) -> Decision:
        """
        Take a token for the call: an anonymous one counts for its network, any other for its person.

        Nothing is counted per account here: before the password is known, a stranger could spend the owner's tokens.
        """
        if principal is None:
            return self._limiter.take([Bucket(self._limits[route.rate_class], network_of(address))])
        person = principal.actor_id or principal.id
        is_staff = principal.company_id is None or principal.actor_id is not None
        limits = self._staff_limits if is_staff else self._limits
        return self._limiter.take([Bucket(limits[route.rate_class], person)])


def refuse(decision: Decision) -> RateLimited:
    """Return the problem for a call above its limit."""
    wait = max(1, int(decision.wait_seconds + 0.999))
    return RateLimited(f"Try again in {wait} s", headers={"Retry-After": str(wait)})
