"""Forms are accepted from our own pages only: a signed token in the form, and the browser's own word on its origin."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, request
from flask_wtf.csrf import CSRFError, CSRFProtect

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


def register_csrf(app: Flask) -> None:
    # The token lives as long as the session; flask-wtf's own Referer check is weaker than the origin check below.
    app.config.update(WTF_CSRF_TIME_LIMIT=None, WTF_CSRF_SSL_STRICT=False)
    app.before_request(refuse_foreign_origin)
    CSRFProtect(app)


def refuse_foreign_origin() -> None:
    """
    Refuse a form that another site sent.

    `same-site` is refused too: other ports of this host, or other hosts of the domain, are not this portal.
    Without either header (old browsers, scripts) the token decides alone.
    """
    if request.method in SAFE_METHODS:
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site not in {"same-origin", "none"}:
            raise CSRFError("The form was sent by another site.")
        return
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise CSRFError("The form was sent by another site.")
