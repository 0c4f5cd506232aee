"""Events that products publishes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import msgspec

from shared.data.events import Event
from shared.events.catalog.fields import ProductName, Sku, described


class Price(msgspec.Struct, frozen=True):
    """A unit price: `amount` is exact minor units as text, `25.5` being 25 and a half pence."""

    amount: Annotated[str, described("Exact minor units as text, with up to four decimals.", "25.5")]
    currency: Annotated[str, described("ISO 4217 code.", "GBP")]


class PriceBreak(msgspec.Struct, frozen=True):
    """The unit price from `min_quantity` units on."""

    min_quantity: Annotated[int, described("Units from which the price holds.", 100)]
    unit_price: Annotated[Price, described("Price of one unit.", {"amount": "21", "currency": "GBP"})]


class ProductState(msgspec.Struct, frozen=True):
    """Everything that other services may know of a product."""

    sku: Sku
    name: ProductName
    description: Annotated[str, described("Free text.", "Zinc-plated steel")]
    category: Annotated[str, described("Name of the category.", "Fasteners")]
    unit_price: Annotated[Price, described("Price of one unit, without breaks.")]
    price_breaks: Annotated[list[PriceBreak], described("Prices from a number of units on, sorted by it.")]
    is_active: Annotated[bool, described("Whether the product is on sale.", True)]


@dataclass(frozen=True)
class ProductChanged(Event):
    """The whole current state of a product; `version` increases with each change, so the highest is the latest."""

    name: ClassVar[str] = "products.product_changed.v1"
    sku: Sku
    version: Annotated[int, described("Version of the product: the highest is the latest.", 3)]
    product: Annotated[ProductState, described("The whole product.")]


@dataclass(frozen=True)
class ImportRequested(Event):
    """A product file was uploaded; products itself starts the job that reads it."""

    name: ClassVar[str] = "products.import_requested.v1"
    import_id: Annotated[str, described("Id of the import.", "imp_01m8jh60a7r2w5x9c3d6f8h1jk")]
