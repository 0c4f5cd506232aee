"""Which price applies to a quantity, and which price breaks are possible."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TypedDict

from services.products.errors import PriceBreaksInvalid
from shared.base.errors import FieldError

MAX_BREAKS = 50


class Price(TypedDict):
    """A unit price: `amount` is exact minor units as text, `25.5` being 25 and a half pence."""

    amount: str
    currency: str


class PriceBreak(TypedDict):
    """The unit price from `min_quantity` units on."""

    min_quantity: int
    unit_price: Price


def price(amount: Decimal, currency: str) -> Price:
    """Return the price in its one canonical spelling, so that equal prices compare equal."""
    return {"amount": format(amount.normalize(), "f"), "currency": currency}


def unit_price(base: Price, breaks: Sequence[PriceBreak], quantity: int) -> Price:
    """
    Return the price of one unit when `quantity` are bought together.

    The deepest break reached wins even if a shallower one is cheaper: a contract
    may raise the price of large orders, for example when they need pallet freight.
    """
    reached = [step for step in breaks if step["min_quantity"] <= quantity]
    return max(reached, key=lambda step: step["min_quantity"])["unit_price"] if reached else base


def sorted_breaks(base: Price, breaks: Iterable[PriceBreak]) -> list[PriceBreak]:
    """Return the breaks by quantity; raise PriceBreaksInvalid on a repeated quantity or another currency."""
    ordered = sorted(breaks, key=lambda step: step["min_quantity"])
    quantities = [step["min_quantity"] for step in ordered]
    if len(set(quantities)) != len(quantities):
        raise _invalid("Give each minimum quantity once.")
    if any(step["unit_price"]["currency"] != base["currency"] for step in ordered):
        raise _invalid(f"Give every break in {base['currency']}, the currency of the unit price.")
    if len(ordered) > MAX_BREAKS:
        raise _invalid(f"Give at most {MAX_BREAKS} price breaks.")
    return ordered


def _invalid(detail: str) -> PriceBreaksInvalid:
    return PriceBreaksInvalid(detail, errors=[FieldError("/price_breaks", detail)])
