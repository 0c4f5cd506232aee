"""Security headers of every page: a content policy with a nonce, no framing, no caching of what is personal."""

from __future__ import annotations

import secrets

from flask import Flask, Response, g, request

ASSET_SECONDS = 365 * 24 * 3600


def csp_nonce() -> str:
    """Return this response's nonce; every script element carries it."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def allow_form_target(origin: str) -> None:
    """Let the forms of this one page lead to `origin`: browsers apply form-action to the redirect that follows."""
    g.form_target = origin


def register_headers(app: Flask) -> None:
    app.jinja_env.globals["csp_nonce"] = csp_nonce

    @app.after_request
    def secure(response: Response) -> Response:
        headers = response.headers
        headers["Content-Security-Policy"] = _policy()
        headers["X-Content-Type-Options"] = "nosniff"
        headers["X-Frame-Options"] = "DENY"
        headers["Referrer-Policy"] = "same-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=()"
        if request.is_secure:
            headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        if _is_asset():
            headers["Cache-Control"] = f"public, max-age={ASSET_SECONDS}, immutable"
            headers.pop("Set-Cookie", None)
        else:
            headers["Cache-Control"] = "no-store"
            response.vary.add("Cookie")
        return response


def _policy() -> str:
    form_target = g.get("form_target")
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src 'nonce-{csp_nonce()}'",
            "style-src 'self'",
            "img-src 'self' data:",  # Bootstrap draws its arrows and crosses from data: URLs
            "font-src 'self'",
            "connect-src 'self'",
            f"form-action 'self'{' ' + form_target if form_target else ''}",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            # No script of ours turns text into markup or code: the browser refuses any that would.
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ]
    )


def _is_asset() -> bool:
    return request.endpoint in {"static", "bootstrap.static"} and "v" in request.args
