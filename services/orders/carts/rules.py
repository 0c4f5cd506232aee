"""What a cart holds, what its lines cost today, and its limits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.orders.errors import UNKNOWN_SKU, invalid
from services.orders.orders.rules import MAX_LINES, Offer, SkuQuantity, units_per_sku
from shared.base.errors import FieldError, InvalidInput
from shared.base.money import MAX_AMOUNT, Money, UnitPrice, line_total

MAX_QUANTITY = 1_000_000


class CartLine(SkuQuantity, frozen=True):
    """Units of one product in a cart, without a price."""


@dataclass(frozen=True)
class CartContents:
    """The lines that replace a cart's; repeated SKUs become one line."""

    line_items: list[CartLine]


@dataclass(frozen=True)
class PricedCartLine:
    """
    A cart line with today's offer.

    `available` is None for a product that is not stocked; prices are None for a SKU that the catalog does not know.
    """

    sku: str
    quantity: int
    name: str
    unit_price: UnitPrice | None
    total: Money | None
    available: int | None
    is_available: bool


@dataclass(frozen=True)
class PricedCart:
    """A cart with today's prices; `total` is None for lines that no order could hold together."""

    line_items: list[PricedCartLine]
    total: Money | None
    updated_at: datetime | None


def merged_lines(lines: Iterable[CartLine]) -> list[CartLine]:
    """Return cart lines with one entry per SKU, in order of first appearance; InvalidInput past the cart's limits."""
    units: dict[str, int] = {}
    for position, line in enumerate(lines):
        units[line.sku] = units.get(line.sku, 0) + line.quantity
        if units[line.sku] > MAX_QUANTITY:
            raise invalid(f"/line_items/{position}/quantity", f"At most {MAX_QUANTITY:,} of one product.")
    if len(units) > MAX_LINES:
        raise invalid("/line_items", f"A cart holds at most {MAX_LINES} lines.")
    return [CartLine(sku, quantity) for sku, quantity in units.items()]


def added_line(lines: Sequence[CartLine], added: CartLine) -> list[CartLine]:
    """Return the cart's lines with the added units; InvalidInput past the cart's limits."""
    held = units_per_sku(lines).get(added.sku, 0)
    if held + added.quantity > MAX_QUANTITY:
        raise invalid("/quantity", f"At most {MAX_QUANTITY:,} of one product; {held:,} are in the cart.")
    if not held and len(lines) >= MAX_LINES:
        raise invalid("/sku", f"A cart holds at most {MAX_LINES} lines.")
    return merged_lines([*lines, added])


def require_known(offers: Sequence[Offer | None]) -> None:
    """Raise InvalidInput that names each line whose SKU the catalog does not know."""
    faults = [
        FieldError(f"/line_items/{position}/sku", UNKNOWN_SKU) for position, offer in enumerate(offers) if offer is None
    ]
    if faults:
        raise InvalidInput(errors=faults)


def priced_cart(
    lines: Sequence[CartLine], offers: Sequence[Offer | None], *, updated_at: datetime | None = None
) -> PricedCart:
    """Return the cart with the offers line by line, None for an unknown SKU."""
    priced = [_priced_line(line, offer) for line, offer in zip(lines, offers, strict=True)]
    return PricedCart(priced, _sum([line.total for line in priced]), updated_at)


def _sum(totals: Sequence[Money | None]) -> Money | None:
    """Return the sum; None while one has no price, currencies differ or the sum is beyond what an order may cost."""
    priced = [total for total in totals if total is not None]
    currencies = {total.currency for total in priced}
    amount = sum(total.amount for total in priced)
    if len(priced) < len(totals) or len(currencies) != 1 or amount > MAX_AMOUNT:
        return None
    return Money(amount, currencies.pop())


def _priced_line(line: CartLine, offer: Offer | None) -> PricedCartLine:
    if offer is None:
        return PricedCartLine(line.sku, line.quantity, line.sku, None, None, available=0, is_available=False)
    unit_amount, currency = offer.unit_price
    return PricedCartLine(
        line.sku,
        line.quantity,
        offer.name,
        offer.unit_price,
        Money(line_total(unit_amount, line.quantity), currency),
        offer.available,
        is_available=offer.is_active and (offer.available is None or offer.available >= line.quantity),
    )
