"""Example bodies of search in the API's document."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

FOUND: Json = {
    "items": [
        {
            "sku": "BOLT-M8",
            "name": "Hex bolt M8 x 40",
            "description": "Zinc-plated steel",
            "category": "Fasteners",
            "unit_price": {"amount": "25.5", "currency": "GBP"},
        }
    ],
    "next_cursor": None,
    "previous_cursor": None,
    "position": 1,
    "is_total_exact": True,
    "total": 1,
    "facets": {"category": [{"value": "Fasteners", "count": 1}]},
}
SUGGESTED: Json = {"items": [{"sku": "BOLT-M8", "name": "Hex bolt M8 x 40"}]}
