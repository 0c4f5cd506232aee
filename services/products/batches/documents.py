"""What a batch of rows does to products and stock: in two reads and two bulk writes, safe to repeat."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import UNSET
from pymongo import InsertOne, UpdateOne

from services.products.batches.rules import Batch, RowChange, change_of
from services.products.catalog.documents import Product, StoredProduct, StoredProducts
from services.products.catalog.rules import ProductFields, price_warnings
from services.products.counts.documents import refusals_of, set_many
from services.products.currencies.rules import ANY_CURRENCY, SoldCurrencies
from services.products.errors import PriceBreaksInvalid, StockContended
from services.products.rows.rules import ImportedRow, RowFault
from services.products.stock.documents import Stock
from shared.base.ids import new_id
from shared.data.persistence import retry_on_failover, write_unordered

WRITE_ATTEMPTS = 5
UNREADABLE_PRODUCT = "The product that is stored under this SKU cannot be read, so this row was left out."

Write = InsertOne[dict[str, Any]] | UpdateOne


@dataclass(frozen=True)
class BatchResult:
    """The counts to add, the faults and notices by row, and in a dry run what would change."""

    counts: dict[str, int]
    faults: list[RowFault]
    changes: list[RowChange]


def preview_batch(batch: Batch, sold: SoldCurrencies = ANY_CURRENCY) -> BatchResult:
    """Return what `apply_batch` would do at this moment; nothing is written."""
    stored = Product.stored_by_sku(row.sku for row in batch.rows)
    known, conflicts = stored.known, _conflicts(batch.rows, stored, sold)
    refused = refusals_of(_stock_targets(batch.rows))
    rows = _without(batch.rows, [*conflicts, *_refusals(batch.rows, refused)])
    levels = Stock.levels(row.sku for row in rows)
    found = [_change(row, known.get(row.sku), levels[row.sku].on_hand if row.sku in levels else None) for row in rows]
    changes = [change for change in found if change is not None]
    outcomes = Counter(change.outcome for change in changes)
    outcomes["unchanged"] = len(rows) - len(changes)
    return _result(batch, outcomes, [*conflicts, *_refusals(batch.rows, refused)], known, changes)


def _change(row: ImportedRow, known: StoredProduct | None, on_hand: int | None) -> RowChange | None:
    return change_of(row, None if known is None else known.fields, _fields(row, known), on_hand)


def apply_batch(import_id: str, batch: Batch, sold: SoldCurrencies = ANY_CURRENCY) -> BatchResult:
    """
    Set stock and products to what the rows say, in two reads and two bulk writes; only differences are written.

    Safe to repeat: what an earlier, killed run applied is counted as that run did.
    """
    stored = Product.stored_by_sku(row.sku for row in batch.rows)
    known, conflicts = stored.known, _conflicts(batch.rows, stored, sold)
    rows = _without(batch.rows, conflicts)
    also_refused = refusals_of(_stock_targets(_only(batch.rows, conflicts))) if conflicts else {}
    changed, refused = set_many(_stock_targets(rows))
    refusals = _refusals(batch.rows, refused | also_refused)
    outcomes = _write_products(import_id, _without(rows, refusals), known)
    counts = Counter(
        "updated" if outcome == "unchanged" and sku in changed else outcome for sku, outcome in outcomes.items()
    )
    return _result(batch, counts, [*conflicts, *refusals], known, [])


def _result(
    batch: Batch,
    outcomes: Counter[str],
    refused: Sequence[RowFault],
    known: Mapping[str, StoredProduct],
    changes: list[RowChange],
) -> BatchResult:
    faults = [*batch.faults, *refused]
    counts = Counter(outcomes)
    counts["unchanged"] += len(batch.superseded)
    counts["failed"] += len({fault.row for fault in faults})
    counts["rows_read"] = len(batch)
    notices = _price_notices(_without(batch.rows, faults), known)
    listed = sorted([*faults, *batch.superseded, *notices], key=lambda fault: fault.row)
    return BatchResult(dict(counts), listed, changes)


def _conflicts(rows: Sequence[ImportedRow], stored: StoredProducts, sold: SoldCurrencies) -> list[RowFault]:
    """Return the faults of rows that do not fit the stored product, or whose stored product cannot be read."""
    unreadable = [RowFault(row.row, "sku", UNREADABLE_PRODUCT) for row in rows if row.sku in stored.unreadable]
    known = stored.known
    compared = _without(rows, unreadable)
    return unreadable + [fault for row in compared if (fault := _currency_conflict(row, known.get(row.sku), sold))]


def _refusals(rows: Sequence[ImportedRow], refused: Mapping[str, str]) -> list[RowFault]:
    return [RowFault(row.row, "stock", refused[row.sku]) for row in rows if row.sku in refused]


def _price_notices(rows: Sequence[ImportedRow], known: Mapping[str, StoredProduct]) -> list[RowFault]:
    return [
        RowFault(row.row, "breaks", warning, is_notice=True)
        for row in rows
        for warning in price_warnings(_fields(row, known.get(row.sku)))
    ]


def _currency_conflict(row: ImportedRow, known: StoredProduct | None, sold: SoldCurrencies) -> RowFault | None:
    """
    Return the fault of a row whose currency is new to the product and not sold in.

    The same goes for a row without `breaks` whose currency is not that of the stored price breaks.
    """
    try:
        currency = _fields(row, known).unit_price.currency
    except PriceBreaksInvalid as refusal:
        return RowFault(row.row, "currency", refusal.detail)
    if known is not None and known.unit_price.currency == currency:
        return None
    refusal_of_currency = sold.refusal_of(currency)
    return None if refusal_of_currency is None else RowFault(row.row, "currency", refusal_of_currency)


def _fields(row: ImportedRow, known: StoredProduct | None) -> ProductFields:
    return row.patch.create() if known is None else row.patch.apply_to(known.fields)


def _stock_targets(rows: Iterable[ImportedRow]) -> dict[str, int | None]:
    return {row.sku: row.stock for row in rows if row.stock is not UNSET}


def _only(rows: Sequence[ImportedRow], faults: Sequence[RowFault]) -> list[ImportedRow]:
    numbers = {fault.row for fault in faults}
    return [row for row in rows if row.row in numbers]


def _without(rows: Sequence[ImportedRow], faults: Sequence[RowFault]) -> list[ImportedRow]:
    excluded = {fault.row for fault in faults}
    return [row for row in rows if row.row not in excluded]


def _write_products(import_id: str, rows: Sequence[ImportedRow], known: Mapping[str, StoredProduct]) -> dict[str, str]:
    """Write the products that differ and return the outcome by SKU: created, updated or unchanged."""
    outcomes: dict[str, str] = {}
    pending = {row.sku: row for row in rows}
    for _ in range(WRITE_ATTEMPTS):
        commit_id = new_id("com")
        writes: list[Write] = []
        for sku, row in pending.items():
            outcomes[sku], write = decide_write(import_id, row, known.get(sku), commit_id)
            writes += [write] if write is not None else []
        if not writes or _written(writes) == len(writes):
            return outcomes
        # Another process changed some products after they were read: they do not carry this commit's id.
        done = Product.skus_of_commit(pending, commit_id)
        pending = {sku: row for sku, row in pending.items() if sku not in done}
        known = Product.stored_by_sku(pending).known
    raise StockContended("The products of this batch keep changing; retry")


def _written(writes: Sequence[Write]) -> int:
    return retry_on_failover(lambda: write_unordered(Product.collection(), writes))


def decide_write(
    import_id: str, row: ImportedRow, known: StoredProduct | None, commit_id: str
) -> tuple[str, Write | None]:
    """Return the outcome for the product, and its write, which has no effect if `known` is stale."""
    fields = _fields(row, known)
    if known is not None and fields == known.fields:
        importer, _, outcome = (known.imported_by or "").partition(":")
        return outcome if importer == import_id else "unchanged", None
    outcome = "created" if known is None else "updated"
    return outcome, Product.bulk_write(fields, known, commit_id=commit_id, imported_by=f"{import_id}:{outcome}")
