"""Reading and setting the units on hand of a product."""

from __future__ import annotations

from services.products.catalog.documents import Product
from services.products.counts.documents import set_on_hand, stop_stocking
from services.products.inventory.documents import inventory_page
from services.products.inventory.rules import Inventory, inventory_of, listed_inventory
from services.products.stock.documents import Stock
from shared.base.pages import ChangesRequest
from shared.base.preconditions import ANY_STATE, Precondition
from shared.data.pagination import Page
from shared.observe.observability import get_logger

log = get_logger()


def list_inventory(wanted: ChangesRequest) -> Page[Inventory]:
    """Return one page of the SKUs that are stocked or were."""
    return inventory_page(wanted).map(listed_inventory)


def get_inventory(sku: str) -> Inventory:
    """Return the inventory of a product; raise NotFound without such a product."""
    Product.require(sku)
    return inventory_of(sku, Stock.level(sku))


def set_inventory(sku: str, on_hand: int | None, precondition: Precondition = ANY_STATE) -> Inventory:
    """Set the counted units; None: not stocked, never reserved. Raise StockBelowReserved if orders reserve more."""
    Product.require(sku)
    if on_hand is None:
        stop_stocking(sku, precondition)
    else:
        set_on_hand(sku, on_hand, precondition)
    log.info("inventory_set", sku=sku, on_hand=on_hand)
    return inventory_of(sku, Stock.level(sku))
