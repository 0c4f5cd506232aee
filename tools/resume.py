"""Resumes after databases were restored: ends the notes of older copies and raises versions beyond what was lost."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from importlib import import_module
from urllib.parse import urlsplit, urlunsplit

from pymongo.errors import PyMongoError

from services.search.operations import request_rebuild
from shared.base.workloads import MONGOD_PORT
from shared.data.older_copies import older_copies, resume
from shared.data.persistence import connect
from tools.stores import mongodb_address
from tools.up.credentials import read_store_password
from tools.up.places import Places

SERVICES = ("orders", "payments", "products")


def main(environment: Mapping[str, str] = os.environ) -> int:
    """Resume in each service and let search build its index anew; the exit status is 2 without MongoDB."""
    base = environment.get("MONGODB_URI") or _own_address(environment)
    try:
        for service in SERVICES:
            _connect(service, base)
            for found in older_copies(service):
                say(f"{service}: {found.of} was an older copy: {found.reason}")
            say(f"{service}: {resume(service)} documents have a higher version")
        _connect("search", base)
        request_rebuild()
        say("search builds its index anew")
    except PyMongoError as failure:
        sys.stderr.write(f"MongoDB does not answer ({type(failure).__name__}): does the platform run (make status)?\n")
        return 2
    return 0


def _own_address(environment: Mapping[str, str]) -> str:
    port = MONGOD_PORT + int(environment.get("PORT_OFFSET") or 0)
    return mongodb_address(port, read_store_password(Places.from_env()))


def _connect(service: str, base: str) -> None:
    import_module(f"services.{service}.app")
    connect(service, urlunsplit(urlsplit(base)._replace(path=f"/tradepost_{service}")))


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
