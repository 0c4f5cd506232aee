"""Imports and sweepers; the truth of both stands in MongoDB, so that a killed one is found again."""

from __future__ import annotations

from services.products import operations
from services.products.documents import ProductImport
from shared.events.jobs import job
from shared.observe.observability import get_logger

log = get_logger()


@job(queue="products-imports", timeout=1800)
def import_products(import_id: str, attempt: int) -> None:
    """Read the file, or what an earlier attempt left of it; `attempt` tells the jobs of one import apart."""
    operations.run_import(import_id)


@job(queue="products-sweeps", timeout=60, every_seconds=10)
def requeue_stalled_imports() -> None:
    """Queue imports without a sign of life again: as other jobs, since a killed one blocks its id for a minute."""
    for stalled in ProductImport.stalled():
        import_products.enqueue(stalled["_id"], stalled["attempts"] + 1)
        log.warning("import_requeued", import_id=stalled["_id"], attempts=stalled["attempts"])


@job(queue="products-sweeps", timeout=60, every_seconds=30)
def sweep_reservations() -> None:
    """Give back stock that an attempt took and died with."""
    operations.sweep_reservations()


@job(queue="products-sweeps", timeout=300, every_seconds=3600)
def clean_workspace() -> None:
    """Remove what imports left behind in their workspace."""
    operations.clean_workspace()
