"""Forms are accepted from our own pages only: a signed token in the form, and the browser's own word on its origin."""

from __future__ import annotations

import base64
import secrets
from urllib.parse import urlsplit

from flask import Flask, g, request, session
from flask_wtf.csrf import CSRFError, CSRFProtect, generate_csrf

from shared.portal.reading import is_read


def register_csrf(app: Flask) -> None:
    # The token lives as long as the session; flask-wtf's own Referer check is weaker than the origin check below.
    app.config.update(WTF_CSRF_TIME_LIMIT=None, WTF_CSRF_SSL_STRICT=False)
    app.before_request(refuse_foreign_origin)
    app.jinja_env.globals["sender_id"] = lambda: session.get("viewer", {}).get("id", "")
    _MaskedProtection(app)
    app.jinja_env.globals["csrf_token"] = masked_token


class _MaskedProtection(CSRFProtect):
    def _get_csrf_token(self) -> str | None:
        return _unmasked(super()._get_csrf_token() or "")


def masked_token() -> str:
    """
    Return the form token behind a mask of its own in each page.

    Pages are compressed and show what their address says: the length of an answer must not tell a guess of the token
    from a hit (BREACH).
    """
    if "masked_csrf_token" not in g:
        token = generate_csrf().encode()
        mask = secrets.token_bytes(len(token))
        g.masked_csrf_token = base64.urlsafe_b64encode(mask + _xor(token, mask)).decode()
    return str(g.masked_csrf_token)


def _unmasked(sent: str) -> str | None:
    """Return the token behind the mask, None for what is no masked token."""
    try:
        content = base64.urlsafe_b64decode(sent.encode())
        half = len(content) // 2
        return _xor(content[half:], content[:half]).decode("ascii")
    except ValueError:
        return None


def _xor(content: bytes, mask: bytes) -> bytes:
    return bytes(each ^ other for each, other in zip(content, mask, strict=True))


def refuse_foreign_origin() -> None:
    """
    Refuse a form that another site sent.

    `same-site` is refused too: other ports of this host, or other hosts of the domain, are not this portal.
    Without either header (old browsers, scripts) the token decides alone.
    """
    if is_read():
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site not in {"same-origin", "none"}:
            raise CSRFError("The form was sent by another site.")
        return
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise CSRFError("The form was sent by another site.")


def is_from_own_page() -> bool:
    """Return whether the browser says that a page of this portal sent the form; False when the browser does not say."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return urlsplit(request.headers.get("Origin", "")).netloc == request.host
