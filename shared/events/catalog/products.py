"""Events that products publishes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import msgspec

from shared.data.events import Event


class Price(msgspec.Struct, frozen=True):
    """A unit price: `amount` is exact minor units as text, `25.5` being 25 and a half pence."""

    amount: str
    currency: str


class PriceBreak(msgspec.Struct, frozen=True):
    """The unit price from `min_quantity` units on."""

    min_quantity: int
    unit_price: Price


class ProductState(msgspec.Struct, frozen=True):
    """Everything that other services may know of a product; `price_breaks` are sorted by quantity."""

    sku: str
    name: str
    description: str
    category: str
    unit_price: Price
    price_breaks: list[PriceBreak]
    is_active: bool


@dataclass(frozen=True)
class ProductChanged(Event):
    """The whole current state of a product; `version` increases with each change, so the highest is the latest."""

    name: ClassVar[str] = "products.product_changed.v1"
    sku: str
    version: int
    product: ProductState


@dataclass(frozen=True)
class ImportRequested(Event):
    """A product file was uploaded; products itself starts the job that reads it."""

    name: ClassVar[str] = "products.import_requested.v1"
    import_id: str
