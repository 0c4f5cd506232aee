"""Which price applies to a quantity, and what is offered for a line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from services.products.catalog.rules import ProductFields
from services.products.stock.rules import SkuQuantity, StockLevel
from shared.events.catalog.products import Price, PriceBreak


class Offer(msgspec.Struct, frozen=True):
    """What one line costs per unit, and whether it can be ordered; `available` is None when it is not stocked."""

    sku: str
    name: str
    unit_price: Price
    is_stocked: bool
    available: int | None
    is_active: bool


@dataclass(frozen=True)
class PriceRequest:
    """The lines to be priced; a SKU may stand in several."""

    line_items: list[SkuQuantity]


@dataclass(frozen=True)
class Offers:
    """An offer per line in the requested order, and the SKUs of no product."""

    items: list[Offer]
    unknown: list[str]


def units_per_sku(line_items: Iterable[SkuQuantity]) -> dict[str, int]:
    """Return how many units of each SKU the lines hold together, in order of first appearance."""
    units: dict[str, int] = {}
    for line in line_items:
        units[line.sku] = units.get(line.sku, 0) + line.quantity
    return units


def unit_price(base: Price, breaks: Sequence[PriceBreak], quantity: int) -> Price:
    """
    Return the price of one unit when `quantity` are bought together.

    The deepest break reached wins even if a shallower one is cheaper: a contract
    may raise the price of large orders, for example when they need pallet freight.
    """
    deepest, price = 0, base
    for step in breaks:
        if deepest < step.min_quantity <= quantity:
            deepest, price = step.min_quantity, step.unit_price
    return price


def offer(product: ProductFields, quantity: int, level: StockLevel | None) -> Offer:
    """Return the offer for a quantity of a product with this stock."""
    return Offer(
        sku=product.sku,
        name=product.name,
        unit_price=unit_price(product.unit_price, product.price_breaks, quantity),
        is_stocked=level is not None,
        available=None if level is None else level.available,
        is_active=product.is_active,
    )
