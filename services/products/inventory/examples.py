"""Example bodies of inventories in the API's document."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

COUNT: Json = {"on_hand": 5000}
INVENTORY: Json = {"sku": "BOLT-M8", "is_stocked": True, "on_hand": 5000, "reserved": 400, "available": 4600}
