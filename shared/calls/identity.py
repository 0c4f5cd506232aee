"""The identity a service calls another with: its own service token, and the token of the user it acts for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from shared.base import deadline
from shared.calls.resilience import UpstreamUnavailable
from shared.calls.service_client import ServiceClient, UpstreamRefused

_FETCH_SECONDS = 2.0
# A token is replaced in the background of one call while it still has this share of its life.
_REFRESH_AT_SHARE = 0.2
_YOUNGEST_RENEWED_SECONDS = 5.0


def current_user_token() -> str | None:
    """Return the access token of this request's user, None in a job, a handler or a public route."""
    # Imported here: workers and tools that never serve a request need no Flask.
    from flask import g, has_request_context, request

    if not has_request_context():
        return None
    principal = g.get("principal")
    if principal is not None and principal.service is not None:
        return request.headers.get("X-On-Behalf-Of")
    token: str | None = g.get("access_token")
    return token


@dataclass(frozen=True, slots=True)
class _ServiceToken:
    text: str
    received_at: float
    lifetime: float

    def seconds_left(self, now: float) -> float:
        return self.received_at + self.lifetime - now


class ServiceIdentity:
    """
    The identity of a service: one token per audience, and the token of the user it acts for, if any.

    One thread fetches a new token while the others use the old one; they wait for it only when the old one has expired.
    """

    def __init__(
        self,
        users_url: str,
        service: str,
        secret: str,
        *,
        user_token: Callable[[], str | None] = current_user_token,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._users = ServiceClient(users_url, service="users")
        self._service = service
        self._secret = secret
        self._user_token = user_token
        self._clock = clock
        self._tokens: dict[str, _ServiceToken] = {}
        self._locks: dict[str, threading.Lock] = {}

    def headers(self, audience: str) -> dict[str, str]:
        headers = {"Authorization": f"Bearer {self._token_for(audience)}"}
        user_token = self._user_token()
        if user_token:
            headers["X-On-Behalf-Of"] = user_token
        return headers

    def renew(self, audience: str) -> bool:
        """Drop a refused token (the keys may have changed) and return True, unless it was fetched a moment ago."""
        token = self._tokens.get(audience)
        if token is None or self._clock() - token.received_at < _YOUNGEST_RENEWED_SECONDS:
            return False
        self._tokens.pop(audience, None)
        return True

    def _token_for(self, audience: str) -> str:
        token = self._tokens.get(audience)
        now = self._clock()
        if token is not None and token.seconds_left(now) > token.lifetime * _REFRESH_AT_SHARE:
            return token.text
        lock = self._locks.setdefault(audience, threading.Lock())
        usable = token if token is not None and token.seconds_left(now) > 1.0 else None
        if not lock.acquire(timeout=0 if usable else deadline.within(_FETCH_SECONDS)):
            if usable is None:
                raise UpstreamUnavailable("users", "token_awaited", is_retryable=False)
            return usable.text
        try:
            return self._fetched(audience, seen=token, usable=usable).text
        finally:
            lock.release()

    def _fetched(self, audience: str, *, seen: _ServiceToken | None, usable: _ServiceToken | None) -> _ServiceToken:
        current = self._tokens.get(audience)
        if current is not None and current is not seen:
            return current
        try:
            token = self._mint(audience)
        except UpstreamUnavailable:
            if usable is None:
                raise
            return usable
        self._tokens[audience] = token
        return token

    def _mint(self, audience: str) -> _ServiceToken:
        body = {"service": self._service, "secret": self._secret, "audience": audience}
        try:
            # A second token does no harm, so the call may be repeated.
            response = self._users.post(
                "/internal/v1/service-tokens", body, timeout=_FETCH_SECONDS, idempotency_key=audience
            )
        except UpstreamRefused as refusal:
            raise UpstreamUnavailable("users", "identity_refused", is_retryable=False) from refusal
        return _ServiceToken(response["access_token"], self._clock(), float(response["expires_in"]))
