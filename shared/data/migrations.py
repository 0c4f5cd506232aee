"""Migrations of stored documents: numbered, forward only, one leader at a time, safe to be killed and run again."""

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
    """The migrations cannot be applied now; the message says why in one sentence."""


@dataclass(frozen=True)
class Migration:
    """
    One change of what is stored.

    `run` works on the bare database, for documents look different later, and yields after each batch; it begins by
    asking what is left to do, so that it goes on where a killed one stopped. A batch stays below two seconds.
    """

    number: int
    name: str
    run: Callable[[Database[Any]], Iterator[None]]


def migrate(service: str, migrations: Sequence[Migration], *, patience_seconds: float = 0.0) -> list[str]:
    """
    Apply those that are not recorded, in their order, and return their names; raise MigrationsRefused.

    Somebody else who migrates, or was killed while at it less than a minute ago, is waited for `patience_seconds`.
    """
    if [each.number for each in migrations] != list(range(1, len(migrations) + 1)):
        raise MigrationsRefused(f"The migrations of {service} must be numbered 1, 2, 3 … in their order")
    if not _due(service, migrations):
        return []
    lease = Lease(service, "migrations", seconds=LEASE_SECONDS)
    give_up_at = time.monotonic() + patience_seconds
    while not lease.held():
        if time.monotonic() >= give_up_at:
            raise MigrationsRefused(f"Somebody else migrates {service} now; run this again in a minute")
        time.sleep(LOOK_AGAIN_SECONDS)
    try:
        due = _due(service, migrations)  # another leader may have finished before us
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
            raise MigrationsRefused(f"Somebody else took over the migrations of {service}")
    row = {"_id": migration.number, "name": migration.name, "applied_at": now()}
    stored["migrations"].replace_one({"_id": migration.number}, row, upsert=True)
    log.info("migrated", service=service, number=migration.number, migration=migration.name)
