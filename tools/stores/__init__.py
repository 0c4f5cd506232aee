"""The real MongoDB and Redis that a laptop and the tests run on: where they come from, how they start and stop."""

from __future__ import annotations

from tools.stores.binaries import StoreRefused
from tools.stores.launch import (
    RunningStore,
    Stores,
    explain_death,
    launch_mongod,
    launch_redis,
    mongodb_address,
    redis_address,
    start_mongod,
    start_redis,
    started,
    stop_with_parent,
)

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
