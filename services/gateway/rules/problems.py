"""The pages of the problem types: the entries of all services, by the last part of the type."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus

import msgspec

PREFIX = "/problems/"


class ProblemEntry(msgspec.Struct, frozen=True):
    """What one service says of a type; `status` is None where each answer has that of another service."""

    type: str
    title: str
    meaning: str
    advice: str
    status: int | None = None


class ProblemPage(msgspec.Struct, frozen=True):
    """A type with what its services say of it; services that say the same are one entry."""

    name: str
    type: str
    statuses: list[int]
    entries: list[ProblemEntry]


def problem_pages(entries: Iterable[ProblemEntry]) -> dict[str, ProblemPage]:
    """Return the page of each type by its name, in alphabetical order; further types are phrases of HTTP's statuses."""
    found: dict[str, list[ProblemEntry]] = {}
    for entry in (*entries, *_of_statuses()):
        name = entry.type.removeprefix(PREFIX)
        known = found.setdefault(name, [])
        if entry not in known and not (known and entry in _STANDARD.values()):
            known.append(entry)
    return {name: _page(name, found[name]) for name in sorted(found)}


def _page(name: str, entries: list[ProblemEntry]) -> ProblemPage:
    statuses = sorted({entry.status for entry in entries if entry.status is not None})
    return ProblemPage(name, PREFIX + name, statuses, entries)


def _of_statuses() -> Iterable[ProblemEntry]:
    return _STANDARD.values()


def _standard_entry(status: HTTPStatus) -> ProblemEntry:
    """Return the entry of a status without a class of ours; `shared.web.problems` names its type by the phrase."""
    name = re.sub(r"[ -]+", "-", status.phrase.lower())
    meaning = f"{status.description or status.phrase}."
    return ProblemEntry(PREFIX + name, status.phrase, meaning, "Correct the request as its detail says.", status.value)


_STANDARD: Mapping[int, ProblemEntry] = {
    status.value: _standard_entry(status) for status in HTTPStatus if status.value >= 400
}
