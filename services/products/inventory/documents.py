"""The list of inventory: what is stocked, and what is not stocked any more."""

from __future__ import annotations

from typing import Any

from services.products.inventory.rules import StockedOrStopped
from services.products.stock.documents import LEVEL_FIELDS, Stock
from shared.base.pages import ChangesRequest
from shared.data import pagination
from shared.data.pagination import Page, changes_page
from shared.data.struct_fields import stored_as

SORTS = {
    "sku": [("sku", 1, str), ("_id", 1, str)],
    "-sku": [("sku", -1, str), ("_id", -1, str)],
    "updated_at": pagination.SORTS["updated_at"],
    "-updated_at": pagination.SORTS["-updated_at"],
}
SHOWN = LEVEL_FIELDS | {"is_stopped": 1}


def inventory_page(wanted: ChangesRequest) -> Page[StockedOrStopped]:
    """Return one page; a note that a SKU is not stocked is left out when it is stocked again."""
    found = changes_page(Stock.collection(), {}, wanted, sorts=SORTS, usual="sku", fields=SHOWN)
    stocked = Stock.levels(each["sku"] for each in found.items if each.get("is_stopped"))
    current = [each for each in found.items if not (each.get("is_stopped") and each["sku"] in stocked)]
    return found.of(current).readable(_stored)


def _stored(stored: dict[str, Any]) -> StockedOrStopped:
    return stored_as(StockedOrStopped, stored)
