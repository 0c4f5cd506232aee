"""Merges the services' OpenAPI documents into the one that the gateway publishes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from services.gateway.policy import Access, Route
from services.gateway.rules import introduction
from services.gateway.rules.own_answers import with_own_answers
from services.gateway.rules.problems import ProblemEntry
from shared.base.version import VERSION
from shared.web.components import HEADERS, SCHEMAS

Component = tuple[str, str]

_REFERENCE = re.compile(r"#/components/([^/]+)/([^/]+)$")
_PARAMETER = re.compile(r"\{[^}]*\}")
# The address of an installation that `make up` started.
SERVER = "http://127.0.0.1:8080"
INFO = {
    "title": "Tradepost API",
    "version": VERSION,
    "summary": "Products, carts, orders, shipments, returns and payments of one merchant.",
    "description": introduction.TEXT,
    "contact": {"name": "The operator of this installation"},
    "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
}
_TOKEN = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "An access token of `POST /api/v1/auth/login`.",
}
_PATH_FIELDS = ("parameters", "summary", "description")


class Description(msgspec.Struct, frozen=True):
    """The parts of a service's OpenAPI document that are merged; components by kind and name."""

    paths: dict[str, dict[str, Any]]
    components: dict[str, dict[str, Any]] = {}
    tags: list[dict[str, Any]] = []
    problems: list[ProblemEntry] = msgspec.field(name="x-problems", default_factory=list)


class _Operation(NamedTuple):
    """An operation of a service under its public path; `fields` are those of the path."""

    path: str
    fields: dict[str, Any]
    content: Any


def merge_descriptions(
    descriptions: Mapping[str, Description], routes: Iterable[Route], missing: Iterable[str], *, server: str = SERVER
) -> dict[str, Any]:
    """
    Return one OpenAPI 3.1 document of what `routes` publish at the address `server`.

    Components of equal name but different content are prefixed with their service's name. `x-unavailable` names the
    services whose description is missing, `x-undocumented` the routes that no description contains.
    """
    renamed = {service: _renames(service, descriptions) for service in descriptions}
    paths: dict[str, Any] = {}
    undocumented = []
    for route in routes:
        description = descriptions.get(route.upstream)
        found = _find(description, route) if description is not None else None
        if found is None:
            undocumented.append(f"{route.method} {route.path}")
            continue
        merged = paths.setdefault(found.path, _rewritten(found.fields, renamed[route.upstream]))
        merged[route.method.lower()] = _published(found.content, route, renamed[route.upstream])
    result = {
        "openapi": "3.1.0",
        "info": INFO,
        "servers": [{"url": server, "description": "This installation."}],
        "tags": _tags(descriptions, paths),
        "paths": paths,
        "components": _components(descriptions, renamed, paths),
    }
    notes = {"x-unavailable": sorted(missing), "x-undocumented": undocumented}
    return result | {name: note for name, note in notes.items() if note}


def _find(description: Description, route: Route) -> _Operation | None:
    """Return the operation of a route; its public path has the service's own parameter names."""
    wanted = _PARAMETER.sub("{}", route.upstream_path)
    for path, operations in description.paths.items():
        if _PARAMETER.sub("{}", path) == wanted and route.method.lower() in operations:
            prefix = route.path.removesuffix(route.upstream_path)
            fields = {name: operations[name] for name in _PATH_FIELDS if name in operations}
            return _Operation(prefix + path, fields, operations[route.method.lower()])
    return None


def _published(operation: Any, route: Route, renames: Mapping[Component, str]) -> Any:
    published = _rewritten(operation, renames)
    published["security"] = [] if route.is_public else [{"accessToken": []}]
    if not isinstance(route.access, Access):
        published["x-permission"] = route.access
    published.setdefault("tags", [route.upstream])
    published["responses"] = with_own_answers(published.get("responses", {}), route)
    return published


def _tags(descriptions: Mapping[str, Description], paths: Any) -> list[dict[str, Any]]:
    """Return the tags of published operations, in the order of their names."""
    used = {tag for path in paths.values() for each in path.values() if "tags" in each for tag in each["tags"]}
    known = {tag["name"]: tag for description in descriptions.values() for tag in description.tags}
    return [known[name] for name in sorted(used & set(known))]


def _renames(service: str, descriptions: Mapping[str, Description]) -> dict[Component, str]:
    """Return the new name of each of the service's components that would collide with another service's."""
    own = dict(_each_component(descriptions[service]))
    others = [dict(_each_component(other)) for name, other in descriptions.items() if name != service]
    colliding = {key for key in own if any(key in other and other[key] != own[key] for other in others)}
    while True:
        shared = {key for key in own if key not in colliding and any(key in other for other in others)}
        spread = {key for key in shared if any(reference in colliding for reference in _references(own[key]))}
        if not spread:
            return {key: f"{service.title()}{key[1]}" for key in colliding}
        colliding |= spread


def _each_component(description: Description) -> Iterator[tuple[Component, Any]]:
    for kind, named in description.components.items():
        for name, component in named.items():
            yield (kind, name), component


def _references(node: Any) -> Iterator[Component]:
    if isinstance(node, Mapping):
        reference = _REFERENCE.match(str(node.get("$ref", "")))
        if reference:
            yield reference[1], reference[2]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def _rewritten(node: Any, renames: Mapping[Component, str]) -> Any:
    """Return a copy whose references point to the new names of renamed components."""
    if isinstance(node, list):
        return [_rewritten(value, renames) for value in node]
    if not isinstance(node, Mapping):
        return node
    copy = {name: _rewritten(value, renames) for name, value in node.items()}
    reference = _REFERENCE.match(str(copy.get("$ref", "")))
    if reference and (reference[1], reference[2]) in renames:
        copy["$ref"] = f"#/components/{reference[1]}/{renames[reference[1], reference[2]]}"
    return copy


def _components(
    descriptions: Mapping[str, Description], renamed: Mapping[str, Mapping[Component, str]], paths: Any
) -> Any:
    """Return the components that the published operations reach, and how to sign in."""
    available: dict[Component, Any] = {("schemas", name): each for name, each in SCHEMAS.items()}
    available |= {("headers", name): each for name, each in HEADERS.items()}
    for service, description in descriptions.items():
        renames = renamed[service]
        for (kind, name), component in _each_component(description):
            available[kind, renames.get((kind, name), name)] = _rewritten(component, renames)
    components: dict[str, dict[str, Any]] = {"securitySchemes": {"accessToken": _TOKEN}}
    waiting, reached = list(_references(paths)), set[Component]()
    while waiting:
        key = waiting.pop()
        if key in reached or key not in available:
            continue
        reached.add(key)
        waiting.extend(_references(available[key]))
    for kind, name in sorted(reached):
        components.setdefault(kind, {})[name] = available[kind, name]
    return components
