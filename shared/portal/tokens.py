"""Access tokens on the server: kept with the session, refreshed by exactly one request at a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

import msgspec
from flask import session

from shared.base.errors import Unauthorized, Unavailable
from shared.calls.resilience import UpstreamUnavailable
from shared.calls.service_client import UpstreamRefused
from shared.observe.observability import get_logger
from shared.portal.answers import Grant, Viewer
from shared.portal.sessions import PortalSession
from shared.portal.store import SessionStore, Tokens

log = get_logger()

# Renewed this early, so that a token does not expire on its way through the hops.
EARLY_SECONDS = 30
WAIT_SECONDS = 5.0
POLL_SECONDS = 0.05


class SignInNeeded(Unauthorized):
    """The session has no valid sign-in; the error page leads to the sign-in form and back."""

    meaning = "The portal's session has no valid sign-in."
    advice = "Sign in; what was typed is kept."


class Authority(Protocol):
    """Signing in, refreshing, signing out, and who a person is."""

    def login(self, email: str, password: str, device_token: str) -> Grant: ...

    def refresh(self, refresh_token: str) -> Grant: ...

    def logout(self, refresh_token: str) -> None: ...

    def me(self, access_token: str) -> Viewer: ...


class TokenStore:
    """
    Holds the tokens of the current session.

    A refresh token may be used once: a second use revokes the whole family. So one request claims the refresh in
    Redis and the others, of whatever task, wait for what it brings.
    """

    def __init__(self, store: SessionStore, authority: Authority, *, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._authority = authority
        self._clock = clock

    def access_token(self) -> str:
        """Return a live access token; raise SignInNeeded when there is none to be had."""
        tokens = self._tokens()
        if tokens.expires_at - self._clock() > EARLY_SECONDS:
            return tokens.access_token
        return self.renewed(tokens.access_token)

    def renewed(self, stale: str) -> str:
        """Return an access token other than `stale`, refreshing it unless another request does."""
        give_up_at = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < give_up_at:
            tokens = self._tokens()
            if tokens.access_token != stale:
                return tokens.access_token
            if self._store.claim_refresh(self._session_id()):
                return self._refresh(stale)
            time.sleep(POLL_SECONDS)
        raise Unavailable("Your sign-in could not be renewed in time")

    def start(self, grant: Grant, session_id: str) -> None:
        """Keep the tokens of a fresh sign-in."""
        self._store.write_tokens(session_id, self._from_grant(grant))

    def stop(self) -> None:
        """Revoke the refresh token of this session, if there is one."""
        session_id = _current().id
        tokens = self._store.tokens(session_id) if session_id else None
        if tokens:
            self._authority.logout(tokens.refresh_token)

    def _refresh(self, stale: str) -> str:
        session_id = self._session_id()
        try:
            tokens = self._tokens()
            if tokens.access_token == stale:
                tokens = self._from_grant(self._authority.refresh(tokens.refresh_token))
                self._store.write_tokens(session_id, tokens)
                self._renew_viewer(tokens.access_token)
            return tokens.access_token
        except UpstreamRefused as refusal:
            log.info("session_refresh_refused", status=refusal.status)
            self._store.drop_tokens(session_id)
            raise SignInNeeded from refusal
        finally:
            self._store.release_refresh(session_id)

    def _renew_viewer(self, access_token: str) -> None:
        """Show the pages with the rights of the new token; while the gateway cannot say, with those before."""
        try:
            viewer = msgspec.to_builtins(self._authority.me(access_token))
        except (UpstreamRefused, UpstreamUnavailable):
            return
        if session.get("viewer") not in (None, viewer):
            session["viewer"] = viewer

    def _tokens(self) -> Tokens:
        tokens = self._store.tokens(self._session_id())
        if tokens is None:
            raise SignInNeeded
        return tokens

    def _session_id(self) -> str:
        session_id = _current().id
        if session_id is None:
            raise SignInNeeded
        return session_id

    def _from_grant(self, grant: Grant) -> Tokens:
        expires_at = self._clock() + grant.expires_in
        return Tokens(grant.access_token, grant.refresh_token, expires_at)


def _current() -> PortalSession:
    current: Any = session
    found: PortalSession = current._get_current_object()
    return found
