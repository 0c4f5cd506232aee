"""Example bodies of products in the API's document."""

from __future__ import annotations

from typing import Any

from shared.web.lists import example_page

Json = dict[str, Any]


def gbp(amount: str) -> Json:
    return {"amount": amount, "currency": "GBP"}


NEW: Json = {
    "sku": "BOLT-M8",
    "name": "Hex bolt M8 x 40",
    "description": "Zinc-plated steel",
    "category": "Fasteners",
    "unit_price": gbp("25.5"),
    "price_breaks": [
        {"min_quantity": 100, "unit_price": gbp("21")},
        {"min_quantity": 1000, "unit_price": gbp("18")},
    ],
    "is_active": True,
}
CREATED: Json = NEW | {
    "warnings": [],
    "is_stocked": False,
    "available": None,
    "version": 1,
    "created_at": "2026-11-02T08:15:00.000Z",
    "updated_at": "2026-11-02T08:15:00.000Z",
}
PRODUCT: Json = CREATED | {"is_stocked": True, "available": 4600, "version": 2}
PAGE: Json = example_page(PRODUCT)
CHANGES: Json = {"unit_price": gbp("26"), "category": "Bolts"}
CHANGED: Json = PRODUCT | CHANGES | {"version": 3, "updated_at": "2026-11-28T09:30:00.000Z"}
