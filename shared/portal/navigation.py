"""Where a person may be sent: only to a page of this portal."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import current_app, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from shared.portal.reading import is_read


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
    """Return the address to redirect to after signing in: this page, or the page that sent this form."""
    if not is_read():
        return page_of_form() or url_for("home.home")
    if request.endpoint == "sign_in.sign_in":
        return url_for("home.home")
    return (
        request.full_path.rstrip("?")
        if not request.script_root
        else request.script_root + request.full_path.rstrip("?")
    )


def page_of_form() -> str | None:
    """Return the address of the page of this portal that sent the form, None when the browser names none."""
    sender = urlsplit(request.referrer or "")
    path = sender.path.removeprefix(request.script_root)
    if sender.netloc != request.host or not _is_page(path):
        return None
    return safe_next(f"{sender.path}?{sender.query}" if sender.query else sender.path, "") or None


def _is_page(path: str) -> bool:
    adapter = current_app.create_url_adapter(request)
    try:
        return adapter is not None and adapter.match(path, method="GET")[0] != "sign_in.sign_in"
    except (HTTPException, RequestRedirect):
        return False
