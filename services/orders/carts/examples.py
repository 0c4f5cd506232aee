"""Example bodies of the cart in the API's document."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

ITEM: Json = {"sku": "BOLT-M8", "quantity": 400}
CONTENTS: Json = {"line_items": [ITEM]}
CART: Json = {
    "line_items": [
        {
            "sku": "BOLT-M8",
            "name": "Hex bolt M8 x 40",
            "quantity": 400,
            "unit_price": {"amount": "21", "currency": "GBP"},
            "total": {"amount": 8400, "currency": "GBP"},
            "available": 5000,
            "is_available": True,
            "problem": None,
        }
    ],
    "total": {"amount": 8400, "currency": "GBP"},
    "problem": None,
    "updated_at": "2026-11-28T09:25:00.000Z",
}
