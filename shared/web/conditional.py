"""`ETag`, `If-None-Match` and `If-Match` of single resources (RFC 9110, section 13; docs/adr/0040)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Flask, Response, g, request

from shared.base.errors import BadRequest
from shared.base.preconditions import Precondition, PreconditionFailed, read_if_match
from shared.web.documented import document

Route = TypeVar("Route", bound=Callable[..., Any])

CONDITIONAL_ATTRIBUTE = "__conditional__"
CACHE_POLICY = "private, no-cache"
_TAGGED_METHODS = frozenset({"GET", "PUT", "PATCH"})


def _parameter(name: str, description: str) -> dict[str, Any]:
    schema = {"type": "string", "maxLength": 8190}
    example = '"7-b2d4f6h8.x1yZ-3fKq0aB"'
    return {"in": "header", "name": name, "description": description, "schema": schema, "example": example}


IF_MATCH = _parameter(
    "If-Match",
    "The ETag of the state that the request changes, several of them, or `*`: at another state nothing is done, and the"
    " answer is 412. Without it any state is changed.",
)
IF_NONE_MATCH = _parameter(
    "If-None-Match", "ETags of representations that the client has: if one of them is current, the answer is 304."
)


def conditional(route: Route) -> Route:
    """
    Mark a route of one resource: its 200 carries an ETag, a GET honours If-None-Match, any other method If-Match.

    It is the innermost decorator: it reads the `revision` of what the route returns, where that has one. A route that
    changes something gives `precondition()` to its operation.
    """
    method = route.__name__.upper()

    @wraps(route)
    def tagged(*args: Any, **kwargs: Any) -> Any:
        result = route(*args, **kwargs)
        if method in _TAGGED_METHODS:
            found = result[0] if isinstance(result, tuple) else result
            g.revision = getattr(found, "revision", "")
        return result

    setattr(tagged, CONDITIONAL_ATTRIBUTE, True)
    return cast(Route, _documented(tagged, method))


def _documented(route: Route, method: str) -> Route:
    headers = ["ETag"] if method in _TAGGED_METHODS else []
    if method != "GET":
        return document(route, problems=[PreconditionFailed, BadRequest], parameters=[IF_MATCH], headers=headers)
    documented = document(route, parameters=[IF_NONE_MATCH], headers=headers)
    unchanged = {"description": "The client has this representation.", "content_type": None}
    cast(Any, documented)._apidoc.setdefault("response", {}).setdefault("responses", {})[304] = [unchanged]
    return documented


def precondition() -> Precondition:
    """Return what the request's If-Match accepts; raise BadRequest for a malformed one."""
    return read_if_match(request.headers.get("If-Match", ""))


def register_conditional(app: Flask) -> None:
    """Tag the answers of conditional routes, and leave out the body that the client has."""

    @app.after_request
    def tag(response: Response) -> Response:
        revision = g.pop("revision", None)
        if revision is None or response.status_code != 200:
            return response
        entity_tag = f"{revision}.{_digest(response.get_data())}"
        response.set_etag(entity_tag)
        response.headers.setdefault("Cache-Control", CACHE_POLICY)
        if request.method in ("GET", "HEAD") and request.if_none_match.contains_weak(entity_tag):
            response.status_code = 304
        return response


def _digest(body: bytes) -> str:
    """Return a short digest of a body: of what the reader, prices, stock and this release make of the state."""
    return base64.urlsafe_b64encode(hashlib.blake2b(body, digest_size=9).digest()).decode()
