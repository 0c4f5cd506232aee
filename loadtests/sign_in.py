"""Sign-in of simulated people: demo logins, shared since signing in is not measured, and reading of lists."""

from __future__ import annotations

import threading
import time
from typing import Any

PASSWORD = "tradepost-demo"  # noqa: S105 - the demo's public password
MARGIN_SECONDS = 60
_sessions: dict[str, tuple[str, float]] = {}
# One at a time: the platform hashes one password at once and refuses a crowd.
# Locust has made locks and sleeps of the standard library its own by now.
_signing_in = threading.Lock()


def authorization(client: Any, email: str) -> dict[str, str]:
    """Return the header of a signed-in person; signs in when there is no recent sign-in."""
    with _signing_in:
        token, renew_at = _sessions.get(email, ("", 0.0))
        if time.monotonic() >= renew_at:
            body = _signed_in(client, email)
            token = body["access_token"]
            _sessions[email] = (token, time.monotonic() + body["expires_in"] - MARGIN_SECONDS)
    return {"Authorization": f"Bearer {token}"}


def _signed_in(client: Any, email: str) -> dict[str, Any]:
    """Sign in, again while the platform answers with Retry-After."""
    while True:
        response = client.post("/api/v1/auth/login", json={"email": email, "password": PASSWORD})
        if response.status_code == 200:
            return dict(response.json())
        time.sleep(float(response.headers.get("Retry-After") or 1))


def listed(response: Any) -> list[dict[str, Any]]:
    """Return the entries of a list; none when the call failed, which Locust has counted."""
    return response.json()["items"] if response.status_code == 200 else []
