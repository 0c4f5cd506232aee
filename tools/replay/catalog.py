"""The products of a trade file: names, list prices and price breaks, derived from what was sold."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from tools.replay.categories import category_of, cleaned_name
from tools.replay.reading import TradeRow
from tools.replay.skus import is_fee

CURRENCY = "GBP"
MIN_SUPPORT = 3
MAX_BREAKS = 3
Sales = Counter[tuple[int, Decimal]]


@dataclass(frozen=True, slots=True)
class PriceBreak:
    """From `min_quantity` units on, one costs `unit_price` (major units)."""

    min_quantity: int
    unit_price: Decimal


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """One product of the file; prices in major units."""

    sku: str
    name: str
    category: str
    unit_price: Decimal
    breaks: tuple[PriceBreak, ...]
    is_stocked: bool
    rows_sold: int
    units_sold: int


@dataclass(slots=True)
class _Observed:
    names: Counter[str] = field(default_factory=Counter)
    sales: Sales = field(default_factory=Counter)
    counter_sales: Sales = field(default_factory=Counter)


def catalog_of(rows: Iterable[TradeRow]) -> list[CatalogEntry]:
    """Return one entry per SKU of the rows, in order of SKU."""
    observed: dict[str, _Observed] = defaultdict(_Observed)
    for row in rows:
        seen = observed[row.sku]
        if row.description:
            seen.names[row.description] += 1
        if row.quantity > 0 and row.unit_price > 0:
            # Counter sales are retail, at other prices; a break is read off what companies paid.
            (seen.sales if row.customer else seen.counter_sales)[row.quantity, row.unit_price] += 1
    return [_entry(sku, seen) for sku, seen in sorted(observed.items())]


def price_ladder(sales: Sales) -> tuple[Decimal, tuple[PriceBreak, ...]]:
    """
    Return the list price (paid most often) and the quantities from which the price falls.

    For each lower price seen at least MIN_SUPPORT times the threshold is the quantity that separates it best
    from the dearer ones; it counts as a break when fewer than half of its rows contradict it.
    """
    paid: Counter[Decimal] = Counter()
    for (_, price), times in sales.items():
        paid[price] += times
    if not paid:
        return Decimal(0), ()
    list_price = max(paid, key=lambda price: (paid[price], price))
    breaks: list[PriceBreak] = []
    for price in sorted((price for price in paid if price < list_price), reverse=True):
        threshold = _threshold(sales, price) if paid[price] >= MIN_SUPPORT else None
        if threshold and threshold > (breaks[-1].min_quantity if breaks else 1):
            breaks.append(PriceBreak(threshold, price))
    return list_price, tuple(breaks[:MAX_BREAKS])


def _threshold(sales: Sales, price: Decimal) -> int | None:
    support = sum(times for (_, paid), times in sales.items() if paid == price)
    candidates = sorted({quantity for quantity, paid in sales if paid == price and quantity > 1})
    if not candidates:
        return None
    contradicting = {quantity: _contradicting(sales, price, quantity) for quantity in candidates}
    best = min(candidates, key=lambda quantity: (contradicting[quantity], quantity))
    return best if contradicting[best] * 2 < support else None


def _contradicting(sales: Sales, price: Decimal, threshold: int) -> int:
    return sum(
        times
        for (quantity, paid), times in sales.items()
        if (paid > price and quantity >= threshold) or (paid == price and quantity < threshold)
    )


def _entry(sku: str, seen: _Observed) -> CatalogEntry:
    list_price, breaks = price_ladder(seen.sales or seen.counter_sales)
    name = cleaned_name(_usual_name(seen.names), sku)
    sold: Sequence[tuple[int, int]] = [
        (quantity, times) for sales in (seen.sales, seen.counter_sales) for (quantity, _), times in sales.items()
    ]
    return CatalogEntry(
        sku=sku,
        name=name,
        category=category_of(name, is_fee=is_fee(sku)),
        unit_price=list_price,
        breaks=breaks,
        is_stocked=not is_fee(sku),
        rows_sold=sum(times for _, times in sold),
        units_sold=sum(quantity * times for quantity, times in sold),
    )


def _usual_name(names: Counter[str]) -> str:
    """Prefer the shop's upper-case names: notes typed into the column ("Found", "amazon sales") are not."""
    shop_names = {name: times for name, times in names.items() if name.upper() == name and len(name) > 5}
    usual = shop_names or names
    return max(usual, key=lambda name: (usual[name], name)) if usual else ""
