"""What a product is: its fields, the limits of its texts, its price and price breaks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from services.products.errors import PriceBreaksInvalid
from shared.base.errors import FieldError
from shared.base.money import unit_price_text
from shared.base.pages import ChangesRequest
from shared.events.catalog.products import Price, PriceBreak, ProductState

MAX_BREAKS = 50
MAX_BREAK_QUANTITY = 1_000_000
# How `price` spells an amount.
PRICE_TEXT = re.compile(r"[0-9]+(\.[0-9]+)?")


class ProductFields(ProductState, frozen=True, kw_only=True):
    """
    The fields of a product, which the merchant sets: those of ProductState, which events carry.

    The stored product, the columns of an import and the schemas derive from them. A field added to ProductState needs
    a default, with which products stored before it are read; a text also needs its limit in TEXTS.
    """

    description: str = ""
    category: str = ""
    price_breaks: list[PriceBreak] = []
    is_active: bool = True


F = TypeVar("F", bound=ProductFields)


@dataclass(frozen=True)
class TextLimit:
    """How long a text may be, and whether it may have line breaks; a required text has at least one character."""

    max_length: int
    is_required: bool = False
    is_multiline: bool = False


# The texts among the fields above, besides the SKU. Each is a column of the import and a string in the schemas.
TEXTS = {
    "name": TextLimit(200, is_required=True),
    "description": TextLimit(5_000, is_multiline=True),
    "category": TextLimit(100),
}


class ProductPatch:
    """Some fields of a product, by name: the values that PATCH or a row of an import sets."""

    def __init__(self, **values: Any) -> None:
        self._values = values

    def apply_to(self, known: ProductFields) -> ProductFields:
        """Return `known` with these values; raise PriceBreaksInvalid when its price breaks do not fit its price."""
        return with_sorted_breaks(msgspec.structs.replace(known, **self._values))

    def create(self) -> ProductFields:
        """Return a new product's fields, the others at their defaults; raise PriceBreaksInvalid."""
        return with_sorted_breaks(ProductFields(**self._values))


@dataclass(frozen=True, kw_only=True)
class ProductsFilter(ChangesRequest):
    """Which page of the products is listed: of all, of one category, or of these SKUs."""

    category: str | None = None
    skus: list[str] = field(default_factory=list)


def price(amount: Decimal, currency: str) -> Price:
    """Return the price in its one canonical spelling, so that equal prices compare equal."""
    return Price(format(amount.normalize(), "f"), currency)


def with_sorted_breaks(fields: ProductFields) -> ProductFields:
    """Return the fields with the price breaks by quantity; raise PriceBreaksInvalid when they do not fit the price."""
    return msgspec.structs.replace(fields, price_breaks=sorted_breaks(fields.unit_price, fields.price_breaks))


def sorted_breaks(base: Price, breaks: Iterable[PriceBreak]) -> list[PriceBreak]:
    """Return the breaks by quantity; raise PriceBreaksInvalid on a repeated quantity or another currency."""
    ordered = sorted(breaks, key=lambda step: step.min_quantity)
    quantities = [step.min_quantity for step in ordered]
    if len(set(quantities)) != len(quantities):
        raise _invalid("Give each minimum quantity once.")
    if any(step.unit_price.currency != base.currency for step in ordered):
        raise _invalid(f"Give every break in {base.currency}, the currency of the unit price.")
    if len(ordered) > MAX_BREAKS:
        raise _invalid(f"Give at most {MAX_BREAKS} price breaks.")
    return ordered


def with_readable_prices(fields: F) -> F:
    """Return the fields; raise ValueError when a stored price is no decimal number, which nothing could show."""
    for unit_price in (fields.unit_price, *(step.unit_price for step in fields.price_breaks)):
        if not PRICE_TEXT.fullmatch(unit_price.amount):
            raise ValueError("a stored price is no number")
    return fields


def price_warnings(fields: ProductFields) -> list[str]:
    """
    Return what of the prices is allowed, but often a mistake: a break from which on one unit costs more than before.

    A contract may raise the price of large orders; a price lowered below an old break is one that was forgotten.
    """
    warnings, before = [], fields.unit_price
    for step in fields.price_breaks:
        if Decimal(step.unit_price.amount) > Decimal(before.amount):
            warnings.append(
                f"From {step.min_quantity:,} units on, one costs {_text(step.unit_price)}:"
                f" more than the {_text(before)} for fewer."
            )
        before = step.unit_price
    return warnings


def _text(unit_price: Price) -> str:
    return unit_price_text(Decimal(unit_price.amount), unit_price.currency)


def _invalid(detail: str) -> PriceBreaksInvalid:
    return PriceBreaksInvalid(detail, errors=[FieldError("/price_breaks", detail)])
