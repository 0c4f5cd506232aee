"""Serves a portal below a path of its own, as the load balancer routes it (`/admin`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from shared.web.refused_requests import REFUSAL

WSGIApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

AT_THE_ROOT = ("/health/", "/metrics", "/robots.txt")


class Prefix:
    """
    WSGI middleware: `/admin/orders` is the app's `/orders`, and its links come out right.

    Health probes and `/robots.txt` are served at the root; any other path redirects to the portal's start page.
    """

    def __init__(self, app: WSGIApplication, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path.startswith(self._prefix + "/"):
            environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + self._prefix
            environ["PATH_INFO"] = path[len(self._prefix) :]
        elif not path.startswith(AT_THE_ROOT) and REFUSAL not in environ:
            start_response("302 Found", [("Location", self._prefix + "/"), ("Content-Length", "0")])
            return []
        return self._app(environ, start_response)
