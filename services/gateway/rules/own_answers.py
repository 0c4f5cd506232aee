"""What the gateway itself answers to an operation, beside what its service documents."""

from __future__ import annotations

from typing import Any

from services.gateway.errors import RateLimited, UpstreamBroken, UpstreamBusy, UpstreamTimedOut, UpstreamUnavailable
from services.gateway.policy import Route
from shared.base.deadline import DeadlineExceeded
from shared.base.errors import BadRequest, HeaderFieldsTooLarge, HostUnknown, Problem, Unavailable, UriTooLong
from shared.web.arrivals import BodyIncomplete, BodyTooLarge, BodyTooSlow
from shared.web.components import by_status, header, problem_response

ALWAYS: tuple[type[Problem], ...] = (
    BadRequest,
    HostUnknown,
    BodyTooLarge,
    UriTooLong,
    HeaderFieldsTooLarge,
    RateLimited,
    UpstreamBroken,
    UpstreamBusy,
    UpstreamTimedOut,
    UpstreamUnavailable,
    Unavailable,
    DeadlineExceeded,
)
WITH_BODY = (BodyIncomplete, BodyTooSlow)
COUNTED = ("RateLimit", "RateLimit-Policy")


def with_own_answers(responses: dict[str, Any], route: Route) -> dict[str, Any]:
    """Return the documented responses of a route's operation with those of the gateway."""
    merged = dict(responses)
    problems = ALWAYS + (WITH_BODY if route.body_limit else ())
    for status, listed in by_status(problems).items():
        known = merged.get(str(status))
        ours = problem_response(listed)
        merged[str(status)] = _joined(known, ours) if known else ours
    return {status: _with_headers(merged[status], status) for status in sorted(merged)}


def _joined(known: dict[str, Any], ours: dict[str, Any]) -> dict[str, Any]:
    lines = sorted({*known["description"].split("\n"), *ours["description"].split("\n")})
    return {**ours, **known, "description": "\n".join(lines)}


def _with_headers(response: dict[str, Any], status: str) -> dict[str, Any]:
    """Add the headers that every answer of this status has; a refused call may not have been counted."""
    names = ("X-Request-ID", *(COUNTED if status == "429" or status.startswith("2") else ()))
    headers = response.get("headers", {}) | {name: header(name) for name in names}
    return {**response, "headers": headers}
