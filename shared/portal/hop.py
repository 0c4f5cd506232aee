"""
The hop page: how a link from a mail arrives at a portal whose session cookie is `SameSite=Strict`.

A browser sends no such cookie with a navigation that another site began, nor along its redirects. A page of ours that
leads to the same address begins a navigation of its own, and that one carries the cookie.
"""

from __future__ import annotations

from flask import Flask, render_template, request, url_for

from shared.portal.navigation import here, safe_next
from shared.portal.reading import is_read
from shared.portal.sessions import SameSite

WITHOUT_SESSION = {"static", "bootstrap.static", "live", "ready", "metrics", "robots", "invitations.accept", None}


def register_hop(app: Flask, same_site: SameSite) -> None:
    if same_site == "Strict":
        app.before_request(hop_from_another_site)


def hop_from_another_site() -> str | None:
    """Return the hop page for a navigation that another site began, None for any other request."""
    if not is_read() or request.endpoint in WITHOUT_SESSION:
        return None
    if request.headers.get("Sec-Fetch-Mode") != "navigate" or request.headers.get("Sec-Fetch-Site") != "cross-site":
        return None
    return render_template("hop.html", target=_target())


def _target() -> str:
    if request.endpoint == "sign_in.sign_in":
        return url_for("sign_in.sign_in", next=request.args.get("next"))
    return safe_next(here(), url_for("home.home"))
