"""What decorators add to the documentation of a route: the problems, request headers and answer headers it has."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any, TypeVar, cast

from shared.base.errors import Problem

Route = TypeVar("Route", bound=Callable[..., Any])

PART = "tradepost"
Json = dict[str, Any]


def document(
    route: Route,
    *,
    problems: Iterable[type[Problem]] = (),
    parameters: Iterable[Json] = (),
    headers: Iterable[str] = (),
) -> Route:
    """
    Add to what the OpenAPI document says of `route`, and return it.

    `problems` are listed under their status, `parameters` are OpenAPI parameters, and `headers` name those of
    `shared.web.components.HEADERS` that an answer of 2xx may carry.
    """
    known: Json = deepcopy(getattr(route, "_apidoc", {}))
    part = known.setdefault(PART, {"problems": [], "parameters": [], "headers": []})
    part["problems"] += problems
    part["parameters"] += parameters
    part["headers"] += headers
    cast(Any, route)._apidoc = known
    return route
