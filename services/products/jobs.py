"""Imports and sweepers; their state is in MongoDB, so that a killed job is found and run again."""

from __future__ import annotations

from services.products.imports import operations as imports
from services.products.imports.documents import ProductImport
from services.products.reservations import operations as reservations
from shared.data.older_copies import resume
from shared.events.jobs import job
from shared.observe.observability import get_logger

log = get_logger()


@job(queue="products-imports", timeout=1800)
def import_products(import_id: str, attempt: int) -> None:
    """Apply the file, or the rest that an earlier attempt left; `attempt` gives each job of one import its own id."""
    imports.run_import(import_id)


@job(queue="products-sweeps", timeout=60, every_seconds=10)
def requeue_stalled_imports() -> None:
    """Queue imports with an old heartbeat again, under a new job id: a killed job blocks its id for a minute."""
    for stalled in ProductImport.stalled():
        import_products.enqueue(stalled.id, stalled.attempts + 1)
        log.warning("import_requeued", import_id=stalled.id, attempts=stalled.attempts)


@job(queue="products-sweeps", timeout=60, every_seconds=30)
def sweep_reservations() -> None:
    """Release stock that an attempt took before it died."""
    reservations.sweep_reservations()


@job(queue="products-sweeps", timeout=300, every_seconds=3600)
def clean_workspace() -> None:
    """Delete the files that imports left in their workspace."""
    imports.clean_workspace()


@job(queue="products-sweeps", timeout=600)
def resume_after_restore() -> None:
    """Raise the versions of products beyond those that an older copy has lost (docs/operate.md)."""
    resume("products")
