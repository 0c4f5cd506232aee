"""Example bodies of inventories in the API's document."""

from __future__ import annotations

from typing import Any

from shared.web.lists import example_page

Json = dict[str, Any]

COUNT: Json = {"on_hand": 5000}
INVENTORY: Json = {
    "sku": "BOLT-M8",
    "is_stocked": True,
    "on_hand": 5000,
    "reserved": 400,
    "available": 4600,
    "updated_at": "2026-11-28T09:30:00.000Z",
}
PAGE: Json = example_page(INVENTORY)
