"""What lies in the warehouse of one SKU."""

from __future__ import annotations

from typing import Any

from services.products.documents import Product, Stock
from services.products.documents.stock_counts import set_on_hand, stop_stocking
from shared.observe.observability import get_logger

log = get_logger()


def get_inventory(sku: str) -> dict[str, Any]:
    """Return {sku, is_stocked, on_hand, reserved, available}; raise NotFound without such a product."""
    Product.fields_by_sku(sku, {})
    return _inventory(sku)


def set_inventory(sku: str, *, on_hand: int | None) -> dict[str, Any]:
    """Set the counted units; None: not stocked, never reserved. Raise StockBelowReserved if orders hold more."""
    Product.fields_by_sku(sku, {})
    if on_hand is None:
        stop_stocking(sku)
    else:
        set_on_hand(sku, on_hand)
    log.info("inventory_set", sku=sku, on_hand=on_hand)
    return _inventory(sku)


def _inventory(sku: str) -> dict[str, Any]:
    level = Stock.levels([sku]).get(sku)
    if level is None:
        return {"sku": sku, "is_stocked": False, "on_hand": None, "reserved": 0, "available": None}
    return {"is_stocked": True, **level}
