"""What the inventory API shows of a SKU."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from services.products.stock.rules import StockLevel, stock_revision


@dataclass(frozen=True)
class Inventory:
    """The units of one SKU; `on_hand` and `available` are None when it is not stocked."""

    sku: str
    is_stocked: bool
    on_hand: int | None
    reserved: int
    available: int | None
    updated_at: datetime | None = None

    @property
    def revision(self) -> str:
        return stock_revision(self.on_hand)


class StockedOrStopped(StockLevel, frozen=True):
    """A stored stock, or the note that the SKU is not stocked any more (`is_stopped`)."""

    is_stopped: bool = False


def inventory_of(sku: str, level: StockLevel | None) -> Inventory:
    """Return the inventory of a SKU; without a stock level it is not stocked."""
    if level is None:
        return Inventory(sku, is_stocked=False, on_hand=None, reserved=0, available=None)
    return Inventory(
        sku,
        is_stocked=True,
        on_hand=level.on_hand,
        reserved=level.reserved,
        available=level.available,
        updated_at=level.updated_at,
    )


def listed_inventory(stored: StockedOrStopped) -> Inventory:
    """Return the inventory of a SKU that is stocked, or was."""
    return replace(inventory_of(stored.sku, None if stored.is_stopped else stored), updated_at=stored.updated_at)
