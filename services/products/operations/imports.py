"""Product files: taken in at once, read in batches by a job that may be killed and resumed."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import timedelta
from itertools import islice
from typing import IO, Any

from services.products.clients import clients, settings
from services.products.documents import ImportStatus, ProductImport
from services.products.documents.imports import MAX_ATTEMPTS
from services.products.errors import ImportUnreadable
from services.products.operations.import_batches import Batch, apply_batch
from services.products.rules.import_rows import RowFault, normal_sku, parse_row, read_cells, survey
from shared.base.errors import HandedBack
from shared.observe.observability import get_logger

log = get_logger()

BATCH_ROWS = 500
# Longer than an import may take with all its attempts.
COPIES_KEPT = timedelta(days=1)


def start_import(uploader_id: str, *, filename: str, content: IO[bytes]) -> dict[str, Any]:
    """Store the file and ask for its import; the answer is the import as it stands, queued."""
    wanted = ProductImport(filename=filename[-200:] or "products.csv", uploaded_by=uploader_id)
    wanted.file_key = f"imports/{wanted.id}.csv"
    clients().files.put(wanted.file_key, content, content_type="text/csv")
    wanted.request()
    return dict(wanted.commit().to_mongo())


def get_import(import_id: str) -> dict[str, Any]:
    return ProductImport.get_fields(import_id, {})


def run_import(import_id: str) -> None:
    """
    Read the file from where an earlier run stopped, batch by batch.

    Returns without doing anything when the import is done, or another run shows signs of life. A run that is handed
    back in between leaves the rest to the next.
    """
    run = ProductImport.claim(import_id)
    if run is None:
        log.info("import_left_alone", import_id=import_id)
        return
    try:
        if run["attempts"] > MAX_ATTEMPTS:
            raise ImportUnreadable(f"Importing it was given up after {MAX_ATTEMPTS} attempts.")
        if not _read_whole(run):
            return
    except ImportUnreadable as refusal:
        ProductImport.finish(run, ImportStatus.FAILED, [asdict(RowFault(0, "", refusal.detail))])
        log.warning("import_failed", import_id=import_id, reason=refusal.detail)
        return
    except HandedBack:
        ProductImport.hand_back(run)
        log.info("import_handed_back", import_id=import_id, rows=run["rows_read"])
        raise
    ProductImport.finish(run, ImportStatus.SUCCEEDED)
    clients().workspace.forget(run["file_key"])
    log.info("import_finished", import_id=import_id, rows=run["rows_read"])


def clean_workspace() -> None:
    """Remove the copies of imports that failed or were given up."""
    removed = clients().workspace.clean(COPIES_KEPT)
    if removed:
        log.info("workspace_cleaned", files=removed)


def _read_whole(run: dict[str, Any]) -> bool:
    """Apply every batch that is left; False when another run took over. `run["rows_read"]` follows."""
    with _text(run) as text:
        last_rows = survey(text, max_rows=settings().max_import_rows)
    with _text(run) as text:
        rows = islice(read_cells(text), run["rows_read"], None)
        while batch := _batch(rows, last_rows):
            counts, faults = apply_batch(run["_id"], batch)
            if not ProductImport.advance(run, counts, [asdict(fault) for fault in faults]):
                log.warning("import_taken_over", import_id=run["_id"])
                return False
            run["rows_read"] += counts["rows_read"]
    return True


def _text(run: Mapping[str, Any]) -> io.TextIOWrapper:
    """Open the stored file as text; a byte order mark is no part of the first column's name."""
    return io.TextIOWrapper(clients().workspace.open(run["file_key"]), encoding="utf-8-sig", newline="")


def _batch(rows: Iterator[tuple[int, list[str] | RowFault]], last_rows: Mapping[str, int]) -> Batch:
    """Return the next rows, parsed; a row whose SKU stands further down again is superseded."""
    batch = Batch()
    for number, cells in islice(rows, BATCH_ROWS):
        if isinstance(cells, RowFault):
            batch.faults.append(cells)
        elif last_rows[normal_sku(cells)] != number:
            detail = f"Row {last_rows[normal_sku(cells)]} has the same SKU and is the one that counts."
            batch.superseded.append(RowFault(number, "sku", detail))
        else:
            parsed = parse_row(number, cells)
            batch.faults.append(parsed) if isinstance(parsed, RowFault) else batch.rows.append(parsed)
    return batch
