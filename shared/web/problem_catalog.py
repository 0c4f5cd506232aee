"""The problem types of a service with their texts: what its OpenAPI document lists as `x-problems`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from shared.base.errors import Problem, problem_type

# Refusals of the portals are pages, not problem documents.
_PAGES = "shared.portal."


def problems_of(service: str) -> list[dict[str, Any]]:
    """Return type, title, status, meaning and advice of each problem that the service may answer."""
    own = f"services.{service}."
    kinds: set[type[Problem]] = {
        each
        for each in _and_below(Problem)
        if each.__module__.startswith((own, "shared.")) and not each.__module__.startswith(_PAGES)
    }
    return sorted((_entry(each) for each in kinds), key=lambda each: (each["type"], each["title"]))


def _and_below(base: type[Problem]) -> Iterator[type[Problem]]:
    yield base
    for kind in base.__subclasses__():
        yield from _and_below(kind)


def _entry(kind: type[Problem]) -> dict[str, Any]:
    return {
        "type": problem_type(kind),
        "title": kind.title,
        "status": kind.status if kind.has_own_status else None,
        "meaning": kind.meaning,
        "advice": kind.advice,
    }
