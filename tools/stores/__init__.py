"""The real MongoDB and Valkey that a laptop and the tests run on: where they come from, how they start and stop."""

from __future__ import annotations

from tools.stores.addresses import Stores, started
from tools.stores.binaries import StoreRefused
from tools.stores.mongod import launch_mongod, mongodb_address, start_mongod
from tools.stores.running import RunningStore, explain_death, stop_with_parent
from tools.stores.valkey import launch_redis, redis_address, start_redis

__all__ = [
    "RunningStore",
    "StoreRefused",
    "Stores",
    "explain_death",
    "launch_mongod",
    "launch_redis",
    "mongodb_address",
    "redis_address",
    "start_mongod",
    "start_redis",
    "started",
    "stop_with_parent",
]
