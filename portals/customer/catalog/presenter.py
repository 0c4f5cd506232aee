"""What the catalog's pages show of a product and of a search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from portals.customer.catalog.client import FoundPage, FoundProduct, PriceBreak, Product, Suggestion
from shared.portal.answers import Price
from shared.portal.formatting import money

EN_DASH = "\u2013"
FEW_UNITS = 20
MOST_BREAKS = 3


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
class ListedProduct:
    """
    A product in a list with its stock and price breaks of now, and how many breaks are left out.

    `availability` is None while nothing is known of the stock.
    """

    sku: str
    name: str
    category: str
    unit_price: Price
    availability: Availability | None = None
    breaks: Sequence[PriceBreak] = ()
    more_breaks: int = 0
    can_be_added: bool = True


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


NOT_SOLD = Availability("No longer sold", "bad")


def listed_products(found: Sequence[FoundProduct], offers: Mapping[str, Product] | None) -> list[ListedProduct]:
    """Return the found products with what `offers` says of them now; None: it is not known."""
    return [_listed(product, offers) for product in found]


def _listed(product: FoundProduct, offers: Mapping[str, Product] | None) -> ListedProduct:
    listed = ListedProduct(product.sku, product.name, product.category, product.unit_price)
    if offers is None:
        return listed
    offer = offers.get(product.sku)
    if offer is None:  # the search found it a moment before it was switched off
        return replace(listed, availability=NOT_SOLD, can_be_added=False)
    return replace(
        listed,
        unit_price=offer.unit_price,
        availability=availability(offer),
        breaks=offer.price_breaks[:MOST_BREAKS],
        more_breaks=max(0, len(offer.price_breaks) - MOST_BREAKS),
    )


def suggested(found: Sequence[Suggestion], offers: Mapping[str, Product] | None) -> list[dict[str, str]]:
    """Return suggestions as JSON, each with its price and its stock of now where they are known."""
    return [{"sku": each.sku, "name": each.name, "note": _note(each.sku, offers)} for each in found]


def _note(sku: str, offers: Mapping[str, Product] | None) -> str:
    if offers is None:
        return ""
    offer = offers.get(sku)
    return f"{money(offer.unit_price)} · {availability(offer).text}" if offer else NOT_SOLD.text


def facet_rows(found: FoundPage, chosen: str | None) -> list[FacetRow]:
    """Return the categories with their counts, the chosen one also when no product of it was found."""
    rows = [FacetRow(facet.value, facet.count, facet.value == chosen) for facet in found.facets.category]
    if chosen and not any(row.is_chosen for row in rows):
        rows.insert(0, FacetRow(chosen, 0, True))
    return rows
