"""How many pages a person, or a network without a sign-in, may ask for."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask, request, session

from shared.base.addresses import client_address, network_of
from shared.base.errors import Problem
from shared.portal.settings import PortalSettings
from shared.web.limiter import Bucket, Limit, Limiter

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Assets are cached by browsers for a year; probes come from the platform.
UNCOUNTED = {"static", "bootstrap.static", "live", "ready", "metrics"}


class TooManyPages(Problem):
    status = 429
    title = "Too many requests"
    meaning = "More pages were loaded than one visitor or network may."
    advice = "Wait for the seconds in Retry-After, then load the page again."


class ClientAddress:
    """WSGI middleware: `REMOTE_ADDR` becomes the address that the trusted proxies name."""

    def __init__(self, app: WSGIApplication, trusted: tuple[str, ...]) -> None:
        self._app = app
        self._trusted = trusted

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if self._trusted and "HTTP_X_FORWARDED_FOR" in environ:
            peer = environ.get("REMOTE_ADDR", "")
            environ["REMOTE_ADDR"] = client_address(peer, environ["HTTP_X_FORWARDED_FOR"], self._trusted)
        return self._app(environ, start_response)


def register_limits(app: Flask, settings: PortalSettings) -> None:
    """Refuse pages above the limits; without Redis each process counts for itself."""
    limiter = Limiter(settings.redis_url)
    person_limit = Limit.parse(f"{app.name}-person", settings.person_limit)
    visitor_limit = Limit.parse(f"{app.name}-visitor", settings.visitor_limit)

    @app.before_request
    def count() -> None:
        if request.endpoint in UNCOUNTED:
            return
        viewer = session.get("viewer")
        bucket = (
            Bucket(person_limit, viewer["id"])
            if viewer
            else Bucket(visitor_limit, network_of(request.remote_addr or "unknown"))
        )
        decision = limiter.take([bucket])
        if not decision.is_allowed:
            raise TooManyPages(headers={"Retry-After": str(max(1, math.ceil(decision.wait_seconds)))})

    app.extensions["tradepost_limiter"] = limiter
