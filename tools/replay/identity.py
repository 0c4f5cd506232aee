"""Who the replay is: the merchant's admin, and the rep acting for one company at a time."""

from __future__ import annotations

import threading
import time
from typing import Any

from tools.replay.api import Api, Refused

# Renewed this long before the end, so that a slow call does not carry a token that ran out on its way.
MARGIN_SECONDS = 60.0


class SignedIn:
    """One of the merchant's staff; refreshes its token for as long as the run takes."""

    def __init__(self, api: Api, email: str, password: str) -> None:
        self._api, self._email, self._password = api, email, password
        self._lock = threading.Lock()
        self._access_token = ""
        self._refresh_token: str | None = None
        self._renew_at = 0.0

    def token(self) -> str:
        with self._lock:
            if time.monotonic() >= self._renew_at:
                self._renew()
            return self._access_token

    def renew(self, stale: str) -> str:
        """Replace a token the platform no longer takes, once for all threads that held it."""
        with self._lock:
            if self._access_token == stale:
                self._renew()
            return self._access_token

    def _renew(self) -> None:
        body = (
            self._refreshed()
            or self._api.post("sign in", "/auth/login", {"email": self._email, "password": self._password}).body
        )
        self._access_token, self._refresh_token = body["access_token"], body["refresh_token"]
        self._renew_at = time.monotonic() + body["expires_in"] - min(MARGIN_SECONDS, body["expires_in"] / 2)

    def _refreshed(self) -> dict[str, Any] | None:
        if self._refresh_token is None:
            return None
        try:
            return self._api.post("refresh", "/auth/refresh", {"refresh_token": self._refresh_token}).body
        except Refused:
            # A refresh whose answer got lost has used its token up: signing in again is always right.
            return None


class ActingFor:
    """The rep acting for one company."""

    def __init__(self, api: Api, rep: SignedIn, company_id: str) -> None:
        self._api, self._rep, self._company_id = api, rep, company_id
        self._access_token = ""
        self._renew_at = 0.0

    def token(self) -> str:
        if time.monotonic() >= self._renew_at:
            self._renew()
        return self._access_token

    def renew(self, stale: str) -> str:
        if self._access_token == stale:
            self._renew()
        return self._access_token

    def _renew(self) -> None:
        wanted = {"company_id": self._company_id, "reason": "trade replay"}
        body = self._api.post("acting token", "/auth/acting-tokens", wanted, self._rep).body
        self._access_token = body["access_token"]
        self._renew_at = time.monotonic() + body["expires_in"] - min(MARGIN_SECONDS, body["expires_in"] / 2)
