"""A real mongod that asks for passwords, as DocumentDB does."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from tools.ports import free_port
from tools.stores import start_mongod
from tools.stores.replica_set import USER

ADMIN: dict[str, Any] = {"username": USER, "password": "0123456789abcdef"}


@contextlib.contextmanager
def guarded_mongod(folder: Path) -> Iterator[int]:
    """Yield the port of a one-node replica set whose only user is ADMIN."""
    store = start_mongod(folder / "mongod", free_port(), password=ADMIN["password"], throw_away=True)
    try:
        yield store.port
    finally:
        store.stop()


def administrator(port: int) -> MongoClient[Any]:
    return MongoClient[Any](port=port, directConnection=True, **ADMIN)
