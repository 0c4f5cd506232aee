"""Where a person may be sent: only to a page of this portal."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import request, url_for


def safe_next(target: str | None, fallback: str) -> str:
    """
    Return `target` when it is a path of this portal, else `fallback`.

    Browsers read `\\` as `/` and drop tabs and line breaks: `/\\evil.example` and `/<tab>/evil.example` lead away.
    """
    if not target or not target.startswith("/") or target.startswith("//"):
        return fallback
    if "\\" in target or any(ord(character) < 0x20 for character in target):
        return fallback
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or not target.startswith(request.script_root or "/"):
        return fallback
    return target


def here() -> str:
    """Return the address to redirect to after signing in: this page for a GET request, else the start page."""
    if request.method != "GET" or request.endpoint == "sign_in.sign_in":
        return url_for("home.home")
    return (
        request.full_path.rstrip("?")
        if not request.script_root
        else request.script_root + request.full_path.rstrip("?")
    )
