"""Product files: stored at once, applied in batches by a job that may be killed and resumed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import islice
from typing import IO

from services.products.batches.documents import apply_batch, preview_batch
from services.products.batches.rules import Batch
from services.products.clients import Clients
from services.products.config import ProductsSettings
from services.products.currencies.documents import sold_currencies
from services.products.currencies.rules import SoldCurrencies
from services.products.errors import ImportNotRepeatable, ImportUnreadable
from services.products.imports.documents import MAX_ATTEMPTS, ImportRun, ImportStatus, ImportSummary, ProductImport
from services.products.imports.rules import (
    DEFAULT_OPTIONS,
    CheckedFile,
    ImportOptions,
    ProductRows,
    ReadRow,
    check_file,
    failed_rows,
    failed_rows_heading,
    shown_filename,
)
from services.products.rows.rules import ImportedRow, RowFault, parse_row
from shared.base.errors import HandedBack, NotFound
from shared.base.numbers import DecimalMark
from shared.base.pages import PageRequest
from shared.base.skus import normal_sku
from shared.data.pagination import Page
from shared.observe.observability import get_logger
from shared.web.service import current_clients, current_settings

log = get_logger()

BATCH_ROWS = 500
PIECE_BYTES = 64 * 1024
# Longer than an import may take with all its attempts.
COPIES_KEPT = timedelta(days=1)


def start_import(*, filename: str, content: IO[bytes], options: ImportOptions = DEFAULT_OPTIONS) -> ProductImport:
    """
    Store the file and record the event that starts its import; return the import, queued.

    Products subscribes to its own ImportRequested event, whose handler enqueues the job: an operation that enqueued
    could commit and crash before the queue has the job, or enqueue and then fail to commit. The event is stored with
    the import in one write, and delivered at least once. A dry run reads and checks everything and writes nothing.
    """
    queued = ProductImport(filename=shown_filename(filename))
    queued.decimal_mark, queued.is_dry_run = options.decimal_mark, options.is_dry_run
    queued.sold_currencies = list(sold_currencies().codes)
    # Whatever the suffix says, the content decides what kind of file it is.
    queued.file_key = f"imports/{queued.id}.csv"
    current_clients(Clients).files.put(queued.file_key, content, content_type="application/octet-stream")
    queued.request()
    return queued.commit()


def carry_out(dry_run_id: str) -> ProductImport:
    """Start an import of the file of a finished dry run, read as the dry run read it; return the import, queued."""
    dry_run = ProductImport.get(dry_run_id)
    if not dry_run.is_dry_run or dry_run.status != ImportStatus.SUCCEEDED:
        raise ImportNotRepeatable(f"Import {dry_run_id} is no dry run that succeeded")
    queued = ProductImport(filename=dry_run.filename, file_key=dry_run.file_key)
    queued.decimal_mark = dry_run.mark.name.lower()
    queued.sold_currencies = list(sold_currencies().codes)
    queued.request()
    return queued.commit()


def list_imports(wanted: PageRequest) -> Page[ImportSummary]:
    """Return one page of all imports, newest first."""
    return ProductImport.summaries(wanted)


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
        ProductImport.finish(run, ImportStatus.FAILED, [RowFault(0, refusal.field, refusal.detail)])
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
            sold = SoldCurrencies(tuple(run.sold_currencies), is_set=True)
            result = preview_batch(batch, sold) if run.is_dry_run else apply_batch(run.id, batch, sold)
            has_part = _store_failed_rows(run, result.faults, batch, checked.mark)
            advanced = ProductImport.advance(run, result, has_part=has_part)
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


def _next_batch(rows: Iterator[ReadRow], checked: CheckedFile) -> Batch:
    batch = Batch()
    for row in islice(rows, BATCH_ROWS):
        batch.raw[row.number] = row.raw
        if row.fault:
            batch.faults.append(RowFault(row.number, "", row.fault))
        elif (latest := checked.last.get(normal_sku(row.cells["sku"]), 0)) > row.number:
            detail = f"Row {latest} has the same SKU and replaces this row."
            batch.superseded.append(RowFault(row.number, "sku", detail, is_notice=True))
        else:
            parsed = parse_row(row.number, row.cells, checked.mark)
            batch.rows.append(parsed) if isinstance(parsed, ImportedRow) else batch.faults.extend(parsed)
    return batch
