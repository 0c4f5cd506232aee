"""Finds the row of the policy table for a method and a raw path."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from services.gateway.errors import MethodNotAllowed
from services.gateway.policy import Route
from services.gateway.rules.passage import fill, is_parameter, split_path
from shared.base.errors import NotFound


@dataclass
class _Node:
    children: dict[str, _Node] = field(default_factory=dict)
    parameter: str = ""
    any_child: _Node | None = None
    routes: dict[str, Route] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Match:
    """A row of the policy table, and the path at its upstream."""

    route: Route
    upstream_path: str


class Matcher:
    """A tree of path segments; a literal segment wins over a parameter."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._root = _Node()
        for route in routes:
            self._add(route)

    def _add(self, route: Route) -> None:
        node = self._root
        for segment in route.path[1:].split("/"):
            if segment.startswith("{"):
                node.parameter = segment[1:-1]
                node.any_child = node.any_child or _Node()
                node = node.any_child
            else:
                node = node.children.setdefault(segment, _Node())
        node.routes[route.method] = route
        if route.method == "GET":
            node.routes["HEAD"] = route

    def match(self, method: str, raw_path: str) -> Match:
        """Return the match; raise NotFound for a path outside the table and MethodNotAllowed for another method."""
        segments = split_path(raw_path)
        found = self._find(segments) if segments else None
        if found is None:
            raise NotFound("The API has no such path")
        node, parameters = found
        route = node.routes.get(method)
        if route is None:
            allowed = ", ".join(sorted(node.routes))
            raise MethodNotAllowed(f"Use {allowed}", headers={"Allow": allowed})
        return Match(route, fill(route.upstream_path, parameters) if parameters else route.upstream_path)

    def allowed(self, raw_path: str) -> list[str]:
        """Return the methods of a path, none for a path outside the table."""
        segments = split_path(raw_path)
        found = self._find(segments) if segments else None
        return sorted(found[0].routes) if found else []

    def _find(self, segments: list[str]) -> tuple[_Node, Mapping[str, str]] | None:
        node, parameters = self._root, {}
        for segment in segments:
            following = node.children.get(segment)
            if following is None:
                following = node.any_child
                if following is None or not is_parameter(node.parameter, segment):
                    return None
                parameters[node.parameter] = segment
            node = following
        return (node, parameters) if node.routes else None
