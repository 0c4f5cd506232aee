"""What the inventory API shows of a SKU."""

from __future__ import annotations

from dataclasses import dataclass

from services.products.stock.rules import StockLevel, stock_revision


@dataclass(frozen=True)
class Inventory:
    """The units of one SKU; `on_hand` and `available` are None when it is not stocked."""

    sku: str
    is_stocked: bool
    on_hand: int | None
    reserved: int
    available: int | None

    @property
    def revision(self) -> str:
        return stock_revision(self.on_hand)


def inventory_of(sku: str, level: StockLevel | None) -> Inventory:
    """Return the inventory of a SKU; without a stock level it is not stocked."""
    if level is None:
        return Inventory(sku, is_stocked=False, on_hand=None, reserved=0, available=None)
    return Inventory(sku, is_stocked=True, on_hand=level.on_hand, reserved=level.reserved, available=level.available)
