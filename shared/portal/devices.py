"""The cookie by which users knows a browser again at a sign-in: it opens nothing, it only lets its owner go first."""

from __future__ import annotations

from flask import current_app, request
from werkzeug.wrappers import Response

DEVICE_SECONDS = 90 * 24 * 3600
LONGEST_TOKEN = 64


def device_token() -> str:
    """Return the token that came with the request, "" without one."""
    return request.cookies.get(_name(), "")[:LONGEST_TOKEN]


def remember_device(response: Response, token: str | None) -> Response:
    """Give the browser the token of its device; it outlives the session and a sign-out."""
    if token:
        response.set_cookie(
            _name(), token, max_age=DEVICE_SECONDS, path="/", secure=True, httponly=True, samesite="Strict"
        )
    return response


def _name() -> str:
    return f"__Host-{current_app.name}-device"
