"""Product files: stored at once, applied in batches by a job that may be killed and resumed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import IO, Any

from msgspec import UNSET
from pymongo import InsertOne, UpdateOne

from services.products.catalog.documents import Product, StoredProduct
from services.products.catalog.rules import ProductFields, price_warnings
from services.products.clients import Clients
from services.products.config import ProductsSettings
from services.products.currencies.documents import sold_currencies
from services.products.currencies.rules import ANY_CURRENCY, SoldCurrencies
from services.products.errors import ImportUnreadable, PriceBreaksInvalid, StockContended
from services.products.imports.documents import MAX_ATTEMPTS, ImportRun, ImportStatus, ProductImport
from services.products.imports.rules import (
    CheckedFile,
    ProductRows,
    ReadRow,
    check_file,
    failed_rows,
    failed_rows_heading,
)
from services.products.rows.rules import ImportedRow, RowFault, parse_row
from services.products.stock.documents import refusals_of, set_many
from shared.base.errors import HandedBack, NotFound
from shared.base.ids import new_id
from shared.base.numbers import DecimalMark
from shared.base.skus import normal_sku
from shared.data.persistence import retry_on_failover, write_unordered
from shared.observe.observability import get_logger
from shared.web.service import current_clients, current_settings

log = get_logger()

BATCH_ROWS = 500
PIECE_BYTES = 64 * 1024
WRITE_ATTEMPTS = 5
# Longer than an import may take with all its attempts.
COPIES_KEPT = timedelta(days=1)

Write = InsertOne[dict[str, Any]] | UpdateOne


def start_import(*, filename: str, content: IO[bytes], decimal_mark: str = "") -> ProductImport:
    """
    Store the file and record the event that starts its import; return the import, queued.

    Products subscribes to its own ImportRequested event, whose handler enqueues the job: an operation that enqueued
    could commit and crash before the queue has the job, or enqueue and then fail to commit. The event is stored with
    the import in one write, and delivered at least once.
    """
    queued = ProductImport(filename=filename[-200:] or "products.csv", decimal_mark=decimal_mark)
    # Whatever the name says, the content decides what kind of file it is.
    queued.sold_currencies = list(sold_currencies().codes)
    queued.file_key = f"imports/{queued.id}.csv"
    current_clients(Clients).files.put(queued.file_key, content, content_type="application/octet-stream")
    queued.request()
    return queued.commit()


def get_import(import_id: str) -> ProductImport:
    """Return the import, or raise NotFound."""
    return ProductImport.get(import_id)


def failed_rows_file(import_id: str) -> Iterator[bytes]:
    """Return the rows that were left out so far as a CSV file, piece by piece; raise NotFound when there are none."""
    found = ProductImport.get(import_id)
    if not found.failed_parts:
        raise NotFound(f"Import {import_id} has no file of failed rows")
    return _failed_pieces(found)


def _failed_pieces(found: ProductImport) -> Iterator[bytes]:
    files = current_clients(Clients).files
    yield failed_rows_heading(found.columns, found.mark)
    for part in sorted(found.failed_parts):
        with files.open(_part_key(found.id, part)) as stored:
            while piece := stored.read(PIECE_BYTES):
                yield piece


def run_import(import_id: str) -> None:
    """
    Apply the file from where an earlier run stopped, batch by batch.

    It does nothing when the import is done, or another run's heartbeat is fresh. A run whose worker is stopped in
    between (HandedBack) leaves the rest to the next run.
    """
    run = ProductImport.claim(import_id)
    if run is None:
        log.info("import_skipped", import_id=import_id)
        return
    try:
        if run.attempts > MAX_ATTEMPTS:
            raise ImportUnreadable(f"The import failed {MAX_ATTEMPTS} times; upload the file again.")
        applied = _apply_file(run)
    except ImportUnreadable as refusal:
        ProductImport.finish(run, ImportStatus.FAILED, [RowFault(0, "", refusal.detail)])
        log.warning("import_failed", import_id=import_id, reason=refusal.detail)
        return
    except HandedBack:
        ProductImport.hand_back(run)
        log.info("import_interrupted", import_id=import_id)
        raise
    if applied is None:
        log.warning("import_lease_lost", import_id=import_id)
        return
    ProductImport.finish(applied, ImportStatus.SUCCEEDED)
    current_clients(Clients).workspace.forget(applied.file_key)
    log.info("import_finished", import_id=import_id, rows=applied.rows_read)


def clean_workspace() -> None:
    """Delete the copies of files whose imports failed or died."""
    removed = current_clients(Clients).workspace.clean(COPIES_KEPT)
    if removed:
        log.info("workspace_cleaned", files=removed)


def _apply_file(run: ImportRun) -> ImportRun | None:
    """Apply every batch that is left and return the run after it; None when another job claimed the import."""
    max_rows = current_settings(ProductsSettings).max_import_rows
    with current_clients(Clients).workspace.open(run.file_key) as file:
        checked = check_file(file, run.decimal_mark, max_rows=max_rows, beat=lambda: ProductImport.beat(run))
    ProductImport.beat(run, checked)
    with current_clients(Clients).workspace.open(run.file_key) as file:
        rows = islice(ProductRows(file, checked.found, checked.mark), run.rows_read, None)
        while batch := _next_batch(rows, checked):
            counts, faults = apply_batch(run.id, batch, SoldCurrencies(tuple(run.sold_currencies), is_set=True))
            has_part = _store_failed_rows(run, faults, batch, checked.mark)
            advanced = ProductImport.advance(run, counts, faults, has_part=has_part)
            if advanced is None:
                return None
            run = advanced
    return run


def _store_failed_rows(run: ImportRun, faults: Sequence[RowFault], batch: Batch, mark: DecimalMark) -> bool:
    """Store the batch's rows that have faults; a repeated batch stores them under the same key again."""
    found = failed_rows((fault for fault in faults if not fault.is_notice), batch.raw, mark)
    if found:
        current_clients(Clients).files.put(_part_key(run.id, run.rows_read), found, content_type="text/csv")
    return bool(found)


def _part_key(import_id: str, rows_before: int) -> str:
    return f"imports/{import_id}/failed-{rows_before:07}.csv"


@dataclass
class Batch:
    """Rows to apply, faults of invalid rows, and rows superseded by a later one of the same SKU; `raw` are all rows."""

    rows: list[ImportedRow] = field(default_factory=list)
    faults: list[RowFault] = field(default_factory=list)
    superseded: list[RowFault] = field(default_factory=list)
    raw: dict[int, list[str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.raw)


def _next_batch(rows: Iterator[ReadRow], checked: CheckedFile) -> Batch:
    batch = Batch()
    for row in islice(rows, BATCH_ROWS):
        batch.raw[row.number] = row.raw
        if row.fault:
            batch.faults.append(RowFault(row.number, "", row.fault))
        elif (latest := checked.last[normal_sku(row.cells["sku"])]) != row.number:
            detail = f"Row {latest} has the same SKU and replaces this row."
            batch.superseded.append(RowFault(row.number, "sku", detail, is_notice=True))
        else:
            parsed = parse_row(row.number, row.cells, checked.mark)
            batch.rows.append(parsed) if isinstance(parsed, ImportedRow) else batch.faults.extend(parsed)
    return batch


def apply_batch(
    import_id: str, batch: Batch, sold: SoldCurrencies = ANY_CURRENCY
) -> tuple[dict[str, int], list[RowFault]]:
    """
    Set stock and products to what the rows say, in two reads and two bulk writes; only differences are written.

    Return the counts to add, and the faults and notes by row. Safe to repeat: what an earlier, killed run applied is
    counted as that run did.
    """
    known = Product.stored_by_sku(row.sku for row in batch.rows)
    conflicts = [fault for row in batch.rows if (fault := _currency_conflict(row, known.get(row.sku), sold))]
    rows = _without(batch.rows, conflicts)
    also_refused = refusals_of(_stock_targets(_only(batch.rows, conflicts))) if conflicts else {}
    changed, refused = set_many(_stock_targets(rows))
    refused |= also_refused
    refusals = [RowFault(row.row, "stock", refused[row.sku]) for row in batch.rows if row.sku in refused]
    outcomes = _write_products(import_id, _without(rows, refusals), known)
    counts = Counter(
        "updated" if outcome == "unchanged" and sku in changed else outcome for sku, outcome in outcomes.items()
    )
    faults = [*batch.faults, *conflicts, *refusals]
    counts["unchanged"] += len(batch.superseded)
    counts["failed"] += len({fault.row for fault in faults})
    counts["rows_read"] = len(batch)
    notices = _price_notices(_without(batch.rows, faults), known)
    return dict(counts), sorted([*faults, *batch.superseded, *notices], key=lambda fault: fault.row)


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
        known = Product.stored_by_sku(pending)
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
