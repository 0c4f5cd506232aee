"""Which Hosts a request may name: every request names one, and a public door knows its own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from shared.base.errors import BadRequest, HostUnknown
from shared.web.refused_requests import REFUSAL

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")
ANY_HOST = "*"
# Probes of load balancers and containers name the address of the task.
PROBES = ("/health/", "/metrics")
_HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")


def host_of(url: str) -> str:
    """Return the name in a URL, in brackets for an IPv6 address."""
    name = urlsplit(url).hostname or ""
    return f"[{name}]" if ":" in name else name


def check_host(request: Any) -> None:
    """Raise BadRequest unless gunicorn's `request` names one Host, as HTTP/1.1 asks for (RFC 9112, 3.2)."""
    host = next((value for name, value in request.headers if name == "HOST"), None)
    if host is None:
        if request.version >= (1, 1):
            raise BadRequest("The header field Host is missing")
    elif not _HOST.fullmatch(host):
        raise BadRequest("The header field Host is not a name with an optional port")
    if not request.uri.startswith("/") and request.uri != "*":
        authority = urlsplit(request.uri).netloc
        if host is not None and authority.lower() != host.lower():
            raise BadRequest("The request target names another host than the header field Host")


class KnownHosts:
    """WSGI middleware: a request for a Host that is not known is refused, so that no link or cache can be poisoned."""

    def __init__(self, app: WSGIApplication, known: Iterable[str]) -> None:
        self._app = app
        self._known = frozenset(name.lower() for name in (*LOCAL_HOSTS, *known) if name)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        host = environ.get("HTTP_HOST", "")
        if host not in self._known and ANY_HOST not in self._known and not self._is_known(host, environ):
            environ.setdefault(REFUSAL, HostUnknown("The header field Host names a host that is not served here"))
        return self._app(environ, start_response)

    def _is_known(self, host: str, environ: WSGIEnvironment) -> bool:
        found = _HOST.fullmatch(host)
        if found is not None and found[1].lower().rstrip(".") in self._known:
            return True
        return not host or environ.get("PATH_INFO", "").startswith(PROBES)
