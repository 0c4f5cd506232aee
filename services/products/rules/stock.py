"""What is short when an order wants to reserve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict


class StockView(TypedDict):
    """One SKU's stock as a reservation sees it; `held` is what this attempt holds of it."""

    available: int
    held: int


class Shortage(TypedDict):
    sku: str
    requested: int
    available: int


def shortages(quantities: Mapping[str, int], stock: Mapping[str, StockView]) -> list[Shortage]:
    """Return the stocked SKUs that are not held in full; a SKU without a stock document is never short."""
    return [
        {"sku": sku, "requested": quantity, "available": stock[sku]["available"]}
        for sku, quantity in quantities.items()
        if sku in stock and stock[sku]["held"] < quantity
    ]
