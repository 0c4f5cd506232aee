"""Addresses of one MongoDB and one Redis, and throw-away servers for tests."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from tools.ports import free_port
from tools.stores.mongod import mongodb_address, start_mongod
from tools.stores.running import RunningStore
from tools.stores.valkey import redis_address, start_redis


@dataclass(frozen=True)
class Stores:
    """Addresses of one MongoDB and one Redis; the processes are None for servers that were not started here."""

    mongodb_base: str
    redis_base: str
    mongod: RunningStore | None = None
    redis: RunningStore | None = None

    def mongodb_url(self, database: str) -> str:
        """Return the connection string whose path names `database`."""
        return urlunsplit(urlsplit(self.mongodb_base)._replace(path=f"/{database}"))

    def redis_url(self, number: int = 0) -> str:
        """Return the address of Redis' database `number`, 0 to 15."""
        return urlunsplit(urlsplit(self.redis_base)._replace(path=f"/{number}"))


@contextlib.contextmanager
def started(folder: Path) -> Iterator[Stores]:
    """Yield throw-away stores on free ports with their data in `folder`, or those the environment names."""
    folder = Path(folder)
    running: list[RunningStore] = []
    try:
        mongodb_base = os.environ.get("MONGODB_URI")
        redis_base = os.environ.get("REDIS_URL")
        mongod = None if mongodb_base else start_mongod(folder / "mongod", free_port(), throw_away=True)
        running += [mongod] if mongod else []
        redis = None if redis_base else start_redis(folder / "redis", free_port(), throw_away=True)
        running += [redis] if redis else []
        yield Stores(
            mongodb_base=mongodb_base or mongodb_address(mongod.port if mongod else 0),
            redis_base=redis_base or redis_address(redis.port if redis else 0),
            mongod=mongod,
            redis=redis,
        )
    finally:
        for store in running:
            store.stop()
