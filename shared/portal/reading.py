"""Requests that only read: HEAD wants the headers of a page, a prefetch a page that a person may open later."""

from __future__ import annotations

from flask import Flask, request

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# Sec-Purpose is the standard's; the others are those of older browsers.
PURPOSES = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
EARLY = ("prefetch", "prerender", "preview")
SHARED = {"static", "bootstrap.static", "live", "ready", "metrics"}
TOO_EARLY = 425


def is_read() -> bool:
    """Return whether the request's method only reads."""
    return request.method in SAFE_METHODS


def register_reading(app: Flask) -> None:
    app.before_request(refuse_prefetch)


def refuse_prefetch() -> tuple[str, int] | None:
    """
    Refuse to answer a page before a person opens it; browsers drop such an answer and ask again then.

    A page is of one person and one moment: it shows messages once, and the way back from the card page places an order.
    """
    if request.endpoint in SHARED:
        return None
    purposes = " ".join(request.headers.get(name, "") for name in PURPOSES).lower()
    return ("", TOO_EARLY) if any(word in purposes for word in EARLY) else None
