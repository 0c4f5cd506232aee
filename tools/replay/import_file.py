"""The platform's product import format, written from catalog entries."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from decimal import Decimal

from shared.base.money import exponent
from tools.replay.catalog import CURRENCY, CatalogEntry

HEADING = ("sku", "name", "description", "category", "unit_price", "currency", "stock", "breaks")


def import_csv(entries: Iterable[CatalogEntry], stock: Mapping[str, int]) -> str:
    """Return a CSV of the entries; `stock` is on hand per SKU, left empty for what is not stocked."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADING)
    for entry in entries:
        writer.writerow(
            (
                entry.sku,
                entry.name,
                _description(entry),
                entry.category,
                major_units(entry.unit_price),
                CURRENCY,
                stock.get(entry.sku, 0) if entry.is_stocked else "",
                ";".join(f"{step.min_quantity}:{major_units(step.unit_price)}" for step in entry.breaks),
            )
        )
    return text.getvalue()


def major_units(price: Decimal) -> str:
    """Write a price with the decimals of its currency, or as many as it has."""
    exact = price.normalize()
    decimals = max(exponent(CURRENCY), -int(exact.as_tuple().exponent))
    return f"{exact:.{decimals}f}"


def _description(entry: CatalogEntry) -> str:
    if not entry.is_stocked:
        return f"{entry.name}, charged as agreed."
    from_our_range = f"{entry.name} from our {entry.category} range."
    return f"{from_our_range} Cheaper from {entry.breaks[0].min_quantity} pieces." if entry.breaks else from_our_range
