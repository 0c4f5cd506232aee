"""The services' users in the database, their migrations and their indexes."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure
from pymongo.uri_parser import parse_uri

from shared.base.workloads import SERVICES
from shared.data import persistence
from shared.data.migrations import Migration

# The gateway stores nothing.
STORED = SERVICES[1:]
# A new index on a big collection takes its time; a service that starts afterwards finds it there.
INDEX_SECONDS = 3600.0
WRONG_PASSWORD = 18


def database_name(service: str) -> str:
    """Return the name of a service's database, which is its user's too."""
    return f"tradepost_{service}"


def align_user(admin: MongoClient[Any], service: str, uri: str) -> bool:
    """
    Have the user of a connection string there, with rights on the service's own database alone.

    The secret is the truth: a user with another password or other rights is brought into line. Returns whether
    anything changed.
    """
    parsed = parse_uri(uri)
    name, roles = parsed["username"], [{"role": "readWrite", "db": database_name(service)}]
    wanted = {"pwd": parsed["password"], "roles": roles}
    found = admin["admin"].command("usersInfo", name)["users"]
    if not found:
        admin["admin"].command("createUser", name, **wanted)
        return True
    if _rights(found[0]["roles"]) == _rights(roles) and _lets_in(uri):
        return False
    admin["admin"].command("updateUser", name, **wanted)
    return True


def migrations_of(service: str) -> Sequence[Migration]:
    """Return the service's migrations, none when it has no module of that name."""
    module = f"services.{service}.migrations"
    found: Sequence[Migration] = import_module(module).MIGRATIONS if find_spec(module) else ()
    return found


def build_indexes(service: str) -> bool:
    """Build what a service's start would build, with time for big collections; return whether anything was new."""
    app = import_module(f"services.{service}.app")
    before = _indexes(service)
    persistence.ensure_indexes(service, seconds=INDEX_SECONDS)
    for part in ("idempotency", "inbox"):
        # A service that keeps idempotency keys or an inbox declares it in its app.py.
        if hasattr(app, part):
            getattr(app, part).ensure_indexes(service)
    return _indexes(service) != before


def _indexes(service: str) -> set[tuple[str, str]]:
    database = persistence.database(service)
    return {(each, index) for each in database.list_collection_names() for index in database[each].index_information()}


def _rights(roles: Sequence[dict[str, str]]) -> set[tuple[str, str]]:
    return {(each["role"], each["db"]) for each in roles}


def _lets_in(uri: str) -> bool:
    with MongoClient[Any](uri, serverSelectionTimeoutMS=5000) as client:
        try:
            client.admin.command("ping")
        except OperationFailure as refusal:
            if refusal.code != WRONG_PASSWORD:
                raise
            return False
    return True
