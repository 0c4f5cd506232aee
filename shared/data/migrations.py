"""Migrations of stored documents: numbered, forward only, one process at a time, safe to interrupt and run again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo.database import Database

from shared.base.clock import now
from shared.data.leases import Lease
from shared.data.persistence import database
from shared.observe.observability import get_logger

log = get_logger()

LEASE_SECONDS = 60.0
LOOK_AGAIN_SECONDS = 0.2


class MigrationsRefused(Exception):
    """The migrations cannot be applied now; the message gives the reason."""


@dataclass(frozen=True)
class Migration:
    """
    One change of stored documents.

    `run` uses pymongo, since document classes change later, and yields after each batch. It starts with a query for
    the documents left to change, so that it continues after an interruption. A batch takes less than two seconds.
    """

    number: int
    name: str
    run: Callable[[Database[Any]], Iterator[None]]


def migrate(service: str, migrations: Sequence[Migration], *, patience_seconds: float = 0.0) -> list[str]:
    """
    Apply the migrations that are not recorded yet, in order, and return their names; raise MigrationsRefused.

    The lease of another process that migrates, or was killed within the last minute, is awaited `patience_seconds`.
    """
    if [each.number for each in migrations] != list(range(1, len(migrations) + 1)):
        raise MigrationsRefused(f"The migrations of {service} must be numbered 1, 2, 3 … in their order")
    if not _due(service, migrations):
        return []
    lease = Lease(service, "migrations", seconds=LEASE_SECONDS)
    give_up_at = time.monotonic() + patience_seconds
    while not lease.held():
        if time.monotonic() >= give_up_at:
            raise MigrationsRefused(f"Another process migrates {service} now; run this again in a minute")
        time.sleep(LOOK_AGAIN_SECONDS)
    try:
        due = _due(service, migrations)  # another process may have applied them
        for migration in due:
            _apply(service, migration, lease)
    finally:
        lease.release()
    return [each.name for each in due]


def _due(service: str, migrations: Sequence[Migration]) -> list[Migration]:
    applied = {each["_id"] for each in database(service)["migrations"].find({}, {"_id": 1})}
    return [each for each in migrations if each.number not in applied]


def _apply(service: str, migration: Migration, lease: Lease) -> None:
    stored = database(service)
    for _ in migration.run(stored):
        if not lease.held():
            raise MigrationsRefused(f"Another process holds the lease of the migrations of {service} now")
    row = {"_id": migration.number, "name": migration.name, "applied_at": now()}
    stored["migrations"].replace_one({"_id": migration.number}, row, upsert=True)
    log.info("migration_applied", service=service, number=migration.number, migration=migration.name)
