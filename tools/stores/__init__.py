"""The real MongoDB and Redis that a laptop and the tests run on: where they come from, how they start and stop."""

from __future__ import annotations

from tools.stores.binaries import StoreRefused
from tools.stores.launch import RunningStore, Stores, free_port, start_mongod, start_redis, started

__all__ = ["RunningStore", "StoreRefused", "Stores", "free_port", "start_mongod", "start_redis", "started"]
