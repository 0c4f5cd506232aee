"""Values of stock (levels, holds, shortages), and which SKUs are short for an order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

MAX_UNITS = 1_000_000_000
MAX_LINES = 5_000


class SkuQuantity(msgspec.Struct, frozen=True):
    """A number of units of one SKU."""

    sku: str
    quantity: int


class StockLevel(msgspec.Struct, frozen=True):
    """The units of one SKU in the warehouse; `available` is `on_hand - reserved`."""

    sku: str
    on_hand: int
    available: int
    reserved: int = 0
    updated_at: datetime | None = None


def stock_revision(on_hand: int | None) -> str:
    """Return the name of the state that a count replaces: reservations do not change it, shipments do."""
    return "none" if on_hand is None else str(on_hand)


class StockHold(msgspec.Struct, frozen=True):
    """
    What one open reservation holds of one SKU, as the stock document stores it in `ops`.

    `token` names the attempt that took the units, `quantity` is what is left of them, `shipments` lists the
    shipments already subtracted.
    """

    order_id: str = msgspec.field(name="id")
    token: str
    quantity: int
    shipments: list[str] = []


class HeldStock(msgspec.Struct, frozen=True):
    """A stock document as one order sees it: `ops` has at most one hold, the order's own."""

    id: str = msgspec.field(name="_id")
    sku: str
    available: int
    ops: list[StockHold] = []


class StockView(msgspec.Struct, frozen=True):
    """One SKU's stock during a reservation attempt; `held` is what this attempt holds of it."""

    available: int
    held: int


class Shortage(msgspec.Struct, frozen=True):
    """A SKU that an order requested more of than is available."""

    sku: str
    requested: int
    available: int


class Shipped(msgspec.Struct, frozen=True):
    """The units of one shipment, by SKU."""

    order_id: str
    shipment_id: str
    quantities: dict[str, int]


def quantities_of(lines: Iterable[SkuQuantity]) -> dict[str, int]:
    """Return the number of units by SKU."""
    return {line.sku: line.quantity for line in lines}


def shortages(quantities: Mapping[str, int], stock: Mapping[str, StockView]) -> list[Shortage]:
    """Return the stocked SKUs that are not held in full; a SKU without a stock document is never short."""
    return [
        Shortage(sku, requested=quantity, available=stock[sku].available)
        for sku, quantity in quantities.items()
        if sku in stock and stock[sku].held < quantity
    ]
