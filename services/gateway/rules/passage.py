"""What the gateway forwards: paths, header fields and addresses, as plain data in and out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, unquote_to_bytes

from shared.base.skus import is_sku, normal_sku

ID_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
QUERY_PATTERN = re.compile(r"[!-~]*")

HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
)
# The gateway sets these itself, or no client may set them: identity comes from the token alone.
NOT_FORWARDED = HOP_BY_HOP | {
    "host",
    "content-length",
    "expect",
    "cookie",
    "forwarded",
    "via",
    "traceparent",
    "tracestate",
    "x-amzn-trace-id",
    "x-deadline-ms",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-on-behalf-of",
    "x-original-url",
    "x-real-ip",
    "x-request-id",
    "x-rewrite-url",
    "x-retried",
}
NOT_FORWARDED_PREFIXES = ("x-user-", "x-company-", "x-forwarded-", "x-internal-", "proxy-")
NOT_RETURNED = HOP_BY_HOP | {"server", "date", "x-powered-by", "x-request-id", "content-length", "alt-svc"}


def split_path(raw: str) -> list[str] | None:
    """
    Return the decoded segments of a raw request path, or None for a path that no regular client sends.

    Decoded exactly once; empty, `.` and `..` segments, control characters, backslashes, matrix parameters
    and broken UTF-8 are refused, also behind an encoded slash.
    """
    if not raw.startswith("/") or not raw.isascii():
        return None
    segments = raw[1:].split("/")
    if "%" in raw:
        decoded = [_decode(segment) for segment in segments]
        if None in decoded:
            return None
        segments = [segment for segment in decoded if segment is not None]
    for segment in segments:
        if not segment.isprintable() or "\\" in segment or ";" in segment:
            return None
        if any(part in ("", ".", "..") for part in segment.split("/")):
            return None
    return segments


def _decode(segment: str) -> str | None:
    if re.search(r"%(?![0-9A-Fa-f]{2})", segment):
        return None
    try:
        return unquote_to_bytes(segment).decode("utf-8")
    except UnicodeDecodeError:
        return None


def is_parameter(name: str, value: str) -> bool:
    """Return whether `value` may stand for `{name}` in a path: a SKU may hold a slash, an id may not."""
    return is_sku(normal_sku(value)) if name == "sku" else ID_PATTERN.fullmatch(value) is not None


def fill(template: str, parameters: Mapping[str, str]) -> str:
    """Return the path for an upstream, built from the policy's own template: no other path can be reached."""
    return re.sub(r"\{(\w+)\}", lambda match: quote(parameters[match[1]], safe=""), template)


def is_forwarded(name: str) -> bool:
    """Return whether a client's header field (lower case) is forwarded to the upstream."""
    return name not in NOT_FORWARDED and not name.startswith(NOT_FORWARDED_PREFIXES)


def named_by_connection(value: str) -> frozenset[str]:
    """Return the fields a Connection header declares hop-by-hop (RFC 9110, 7.6.1)."""
    return frozenset(token.strip().lower() for token in value.split(","))


def public_location(location: str) -> str:
    """Return an upstream's Location for clients: `/v1/x` becomes `/api/v1/x`."""
    path = re.sub(r"^https?://[^/.]+", "", location)  # a service's name has no dot
    return f"/api{path}" if path.startswith("/v1/") else location
