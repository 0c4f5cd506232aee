"""Older copies of databases: what a comparison found, and what stops until an operator ends it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pymongo
from pymongo.collection import Collection

from shared.base.clock import now
from shared.base.errors import Unavailable
from shared.base.ids import new_id
from shared.data.persistence import Aggregate, database, documents_of
from shared.observe.metrics import counter
from shared.observe.observability import get_logger

log = get_logger()

EXAMPLES = 50
# More changes than a document gets between two backups.
VERSIONS_LOST_AT_MOST = 1_000_000
RAISE_SECONDS = 300.0
FOUND = counter("older_copies_found_total", "Comparisons that found an older copy of a database", ["of"])


class OlderCopyFound(Unavailable):
    """Nothing is stored or sold on an older copy of a database: an operator restores or accepts it first."""

    title = "Stopped: a database is an older copy"
    meaning = (
        "A database of the installation is older than what other services know, as after a restore. Orders and "
        "refunds wait."
    )
    advice = "Ask the operator, whose steps are in docs/operate.md; send the request again afterwards."


@dataclass(frozen=True)
class OlderCopy:
    """The database of the service `of` is older than its neighbours know; `examples` are ids that prove it."""

    of: str
    reason: str
    examples: Sequence[str] = ()


def note_older_copy(service: str, found: OlderCopy) -> None:
    """Store what a comparison of `service` found; it stays until an operator ends it."""
    FOUND.labels(found.of).inc()
    log.error("older_copy_found", of=found.of, reason=found.reason, examples=list(found.examples)[:EXAMPLES])
    _notes(service).update_one(
        {"_id": found.of},
        {
            "$set": {"reason": found.reason, "examples": list(found.examples)[:EXAMPLES], "seen_at": now()},
            "$setOnInsert": {"found_at": now()},
        },
        upsert=True,
    )


def older_copies(service: str) -> list[OlderCopy]:
    """Return what was found and not ended."""
    return [OlderCopy(each["_id"], each["reason"], each["examples"]) for each in _notes(service).find().sort("_id", 1)]


def require_no_older_copy(service: str) -> None:
    """Raise OlderCopyFound while an older copy is noted."""
    found = older_copies(service)
    if found:
        names = ", ".join(each.of for each in found)
        raise OlderCopyFound(f"An operator checks the data of {names}; retry later", retry_after_seconds=600)


def end_older_copy(service: str, of: str) -> bool:
    """Delete the note; return whether there was one."""
    return bool(_notes(service).delete_one({"_id": of}).deleted_count)


def resume(service: str) -> int:
    """
    End all notes of a service and return how many documents got a higher version.

    What is older than this moment counts as settled (`settled_ids`): the next comparison does not note it again.
    Versions never go back: each document's version, and so that of its events, is raised beyond what was lost.
    """
    with pymongo.timeout(RAISE_SECONDS):
        raised = sum(
            document.collection().update_many({}, {"$inc": {"version": VERSIONS_LOST_AT_MOST}}).modified_count
            for document in documents_of(service)
            if issubclass(document, Aggregate)
        )
    _notes(service).delete_many({})
    _resumed(service).update_one({"_id": service}, {"$set": {"before": new_id("res")}}, upsert=True)
    log.warning("resumed_after_restore", service=service, raised=raised)
    return raised


def settled_ids(service: str) -> Callable[[str], bool]:
    """Return a function that says whether an id is older than the last resume: an operator settled what was lost."""
    resumed = _resumed(service).find_one({"_id": service})
    before = resumed["before"].partition("_")[2] if resumed else ""
    # Ids begin with their time after the prefix.
    return lambda each: each.partition("_")[2] < before


def notice_of(service: str) -> Callable[[], str | None]:
    """Return a function for the readiness report: what was found, or None."""

    def notice() -> str | None:
        found = older_copies(service)
        return "; ".join(f"{each.of} is an older copy: {each.reason}" for each in found) or None

    return notice


def _resumed(service: str) -> Collection[dict[str, Any]]:
    return database(service)["older_copies_settled"]


def _notes(service: str) -> Collection[dict[str, Any]]:
    return database(service)["older_copies"]
