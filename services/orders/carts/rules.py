"""What a cart holds, what its lines cost today, and its limits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.orders.errors import UNKNOWN_SKU, invalid
from services.orders.orders.rules import MAX_LINES, Offer, SkuQuantity, units_per_sku
from shared.base.errors import FieldError, InvalidInput
from shared.base.money import MAX_AMOUNT, Money, UnitPrice, is_currency, line_total, money_text

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
    `problem` says why the line cannot be ordered as it stands, None when it can.
    """

    sku: str
    quantity: int
    name: str
    unit_price: UnitPrice | None
    total: Money | None
    available: int | None
    is_available: bool
    problem: str | None = None


@dataclass(frozen=True)
class PricedCart:
    """
    A cart with today's prices.

    `total` is None for lines that no order could hold together; `problem` says why where the lines are fine one by one.
    """

    line_items: list[PricedCartLine]
    total: Money | None
    updated_at: datetime | None
    problem: str | None = None
    revision: str = ""


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
    lines: Sequence[CartLine],
    offers: Sequence[Offer | None],
    *,
    updated_at: datetime | None = None,
    revision: str = "",
) -> PricedCart:
    """Return the cart with the offers line by line, None for an unknown SKU."""
    others = other_currencies([offer.unit_price.currency if offer else None for offer in offers])
    priced = [
        _priced_line(line, offer, others.get(position))
        for position, (line, offer) in enumerate(zip(lines, offers, strict=True))
    ]
    return PricedCart(priced, _sum([line.total for line in priced]), updated_at, _cart_problem(priced), revision)


def fault_of(offer: Offer | None) -> str | None:
    """Return why a product cannot be ordered in any quantity, None when it can."""
    if offer is None:
        return UNKNOWN_SKU
    if not offer.is_active:
        return "This product is not sold any more."
    currency = offer.unit_price.currency
    return None if is_currency(currency) else f"Its price is in {currency}, which is not a currency of ISO 4217."


def other_currencies(currencies: Sequence[str | None]) -> dict[int, str]:
    """Return the fault of each line, by position, whose currency is not the first line's; None has no price."""
    first = next((currency for currency in currencies if currency is not None), None)
    return {
        position: f"Its price is in {currency}, the first line's in {first}; an order has one currency."
        for position, currency in enumerate(currencies)
        if currency not in (None, first)
    }


def _cart_problem(lines: Sequence[PricedCartLine]) -> str | None:
    totals = [line.total for line in lines if line.total is not None]
    currencies = list(dict.fromkeys(total.currency for total in totals))
    if len(currencies) > 1:
        named = f"{', '.join(currencies[:-1])} and {currencies[-1]}"
        return f"The cart holds prices in {named}. An order has one currency: remove the lines of the others."
    if sum(total.amount for total in totals) > MAX_AMOUNT:
        return f"The total is beyond {money_text(MAX_AMOUNT, currencies[0])}; order in several parts."
    return None


def _sum(totals: Sequence[Money | None]) -> Money | None:
    """Return the sum; None while one has no price, currencies differ or the sum is beyond what an order may cost."""
    priced = [total for total in totals if total is not None]
    currencies = {total.currency for total in priced}
    amount = sum(total.amount for total in priced)
    if len(priced) < len(totals) or len(currencies) != 1 or amount > MAX_AMOUNT:
        return None
    return Money(amount, currencies.pop())


def _priced_line(line: CartLine, offer: Offer | None, other_currency: str | None) -> PricedCartLine:
    if offer is None:
        return PricedCartLine(line.sku, line.quantity, line.sku, None, None, 0, is_available=False, problem=UNKNOWN_SKU)
    shortage = _shortage(line.quantity, offer.available)
    unit_amount, currency = offer.unit_price
    return PricedCartLine(
        line.sku,
        line.quantity,
        offer.name,
        offer.unit_price,
        Money(line_total(unit_amount, line.quantity), currency),
        offer.available,
        is_available=offer.is_active and shortage is None,
        problem=fault_of(offer) or other_currency or shortage,
    )


def _shortage(quantity: int, available: int | None) -> str | None:
    if available is None or available >= quantity:
        return None
    return f"Only {available:,} are available." if available > 0 else "Out of stock."
