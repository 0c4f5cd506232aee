"""What the catalog's pages show of a product and of a search."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from portals.customer.catalog.client import FoundPage, PriceBreak, Product
from shared.portal.answers import Price

EN_DASH = "\u2013"
FEW_UNITS = 20


@dataclass(frozen=True)
class LadderStep:
    """A range of quantities, its unit price, and the saving in whole percent."""

    label: str
    unit_price: Price
    saving: int


@dataclass(frozen=True)
class Availability:
    """What can be ordered now; `tone` is a tone of `shared.portal.statuses.Word`."""

    text: str
    tone: str


@dataclass(frozen=True)
class FacetRow:
    value: str
    count: int
    is_chosen: bool


def price_ladder(product: Product) -> list[LadderStep]:
    """Return the price steps of a product, the single price first."""
    base = Decimal(product.unit_price.amount)
    steps = [PriceBreak(min_quantity=1, unit_price=product.unit_price), *product.price_breaks]
    ladder = []
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        amount = Decimal(step.unit_price.amount)
        saving = round((base - amount) / base * 100) if base else 0
        ladder.append(LadderStep(_range(step, following), step.unit_price, saving))
    return ladder


def _range(step: PriceBreak, following: PriceBreak | None) -> str:
    first = step.min_quantity
    if following is None:
        return f"{first:,}+"
    last = following.min_quantity - 1
    return f"{first:,}" if last == first else f"{first:,}{EN_DASH}{last:,}"


def availability(product: Product) -> Availability:
    """Return text and tone of what can be ordered of a product now."""
    if not product.is_active:
        return Availability("No longer sold", "bad")
    if not product.is_stocked:
        return Availability("Always available", "good")
    available = product.available or 0
    if available <= 0:
        return Availability("Out of stock", "bad")
    return Availability(f"{available:,} in stock", "warn" if available < FEW_UNITS else "good")


def facet_rows(found: FoundPage, chosen: str | None) -> list[FacetRow]:
    """Return the categories with their counts, the chosen one also when no product of it was found."""
    rows = [FacetRow(facet.value, facet.count, facet.value == chosen) for facet in found.facets.category]
    if chosen and not any(row.is_chosen for row in rows):
        rows.insert(0, FacetRow(chosen, 0, True))
    return rows
