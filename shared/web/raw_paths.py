"""The path of a request as it was sent: `PATH_INFO` has lost the difference between `%2F` and `/`."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


def raw_path(environ: WSGIEnvironment) -> str:
    """Return the path as it was on the request line, without the query."""
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    if not raw:
        return quote(environ.get("PATH_INFO", "").encode("latin-1"))
    path = str(raw).partition("?")[0].partition("#")[0]
    return path if path.startswith("/") else _path_of_absolute(path)


def _path_of_absolute(target: str) -> str:
    try:
        return urlsplit(target).path
    except ValueError:
        return ""
