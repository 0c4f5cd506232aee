"""Header fields of requests to upstreams and of responses to clients."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from services.gateway.policy import Route
from services.gateway.rules.passage import NOT_RETURNED, is_forwarded, named_by_connection, public_location
from shared.calls.exchange import Response

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Fields = list[tuple[str, str]]

SECURITY_FIELDS: Fields = [
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Referrer-Policy", "no-referrer"),
]
_SECURITY_NAMES = frozenset(name.lower() for name, _ in SECURITY_FIELDS)
PREFLIGHT_FIELDS = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Request-ID"
EXPOSED_FIELDS = (
    "ETag, Idempotent-Replayed, Link, Location, RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate, "
    "X-Request-ID"
)


@lru_cache(maxsize=1024)
def _forwarded_name(key: str) -> str | None:
    """Return the field name of a WSGI key, None when the field is not forwarded."""
    name = key.removeprefix("HTTP_").replace("_", "-").lower()
    return name if key.startswith("HTTP_") and is_forwarded(name) else None


def forwarded_fields(environ: WSGIEnvironment) -> str:
    """Return the client's own header lines that are forwarded to the upstream."""
    dropped = named_by_connection(environ.get("HTTP_CONNECTION", ""))
    lines = []
    if content_type := environ.get("CONTENT_TYPE"):
        lines.append(_line("content-type", content_type))
    for key, value in environ.items():
        name = _forwarded_name(key)
        if name is not None and name not in dropped:
            lines.append(_line(name, value))
    return "".join(lines)


def _line(name: str, value: str) -> str:
    return "" if "\r" in value or "\n" in value or "\0" in value else f"{name}: {value}\r\n"


def returned_fields(response: Response, route: Route) -> Fields:
    """Return the header fields for the client; private responses are `no-store` unless the upstream set a policy."""
    fields: Fields = []
    has_cache_policy = False
    for name, value in response.headers:
        lower = name.lower()
        if lower in NOT_RETURNED or lower in _SECURITY_NAMES or lower.startswith("access-control-"):
            continue
        if lower == "location":
            value = public_location(value)
        has_cache_policy = has_cache_policy or lower == "cache-control"
        fields.append((name, value))
    if not has_cache_policy and not route.cacheable:
        fields.append(("Cache-Control", "no-store"))
    if response.length is not None and response.status not in (204, 304):
        fields.append(("Content-Length", str(response.length)))
    return fields


def cors_fields(environ: WSGIEnvironment, allowed: tuple[str, ...]) -> Fields:
    """Return the fields by which an allowed origin's script may read the response; none for other origins."""
    if not allowed:
        return []
    fields = [("Vary", "Origin")]
    origin = environ.get("HTTP_ORIGIN", "")
    if origin in allowed:
        fields += [("Access-Control-Allow-Origin", origin), ("Access-Control-Expose-Headers", EXPOSED_FIELDS)]
    return fields


def preflight_fields(methods: list[str]) -> Fields:
    return [
        ("Access-Control-Allow-Methods", ", ".join(methods)),
        ("Access-Control-Allow-Headers", PREFLIGHT_FIELDS),
        ("Access-Control-Max-Age", "600"),
    ]
