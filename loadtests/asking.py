"""How simulated people ask: demo logins, shared since signing in is not what is measured, and lists read."""

from __future__ import annotations

import time
from typing import Any

PASSWORD = "tradepost-demo"  # noqa: S105 - the demo's public password
MARGIN_SECONDS = 60
_sessions: dict[str, tuple[str, float]] = {}


def authorization(client: Any, email: str) -> dict[str, str]:
    """Return the header of a signed-in person; signs in when nobody did, or not lately."""
    token, renew_at = _sessions.get(email, ("", 0.0))
    if time.monotonic() >= renew_at:
        body = client.post("/api/v1/auth/login", json={"email": email, "password": PASSWORD}).json()
        token = body["access_token"]
        _sessions[email] = (token, time.monotonic() + body["expires_in"] - MARGIN_SECONDS)
    return {"Authorization": f"Bearer {token}"}


def listed(response: Any) -> list[dict[str, Any]]:
    """Return the entries of a list; none when the call failed, which Locust has counted."""
    return response.json()["items"] if response.status_code == 200 else []
