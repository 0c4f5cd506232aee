"""Sweepers: they continue what a crash, a lost event or a timeout left unfinished; MongoDB says what is due."""

from __future__ import annotations

from services.orders.checkout import saga
from services.orders.comparison.operations import compare_copies
from shared.calls.resilience import UpstreamUnavailable
from shared.data.older_copies import resume
from shared.events.jobs import job
from shared.observe.observability import get_logger

log = get_logger()


@job(queue="orders-sweeps", timeout=120, every_seconds=5)
def attend_due_orders() -> None:
    """Finish or refuse undecided orders, and publish again what payments has not settled."""
    saga.sweep_due_orders()


@job(queue="orders-sweeps", timeout=300, every_seconds=60)
def release_stray_reservations() -> None:
    """Release stock that is reserved for withdrawn or unknown orders."""
    saga.release_stray_reservations()


@job(queue="orders-sweeps", timeout=120, every_seconds=600)
def find_older_copies() -> None:
    """Compare orders with products and payments, at the start and every ten minutes."""
    try:
        compare_copies()
    except UpstreamUnavailable as failure:
        log.warning("comparison_postponed", reason=str(failure))


@job(queue="orders-sweeps", timeout=600)
def resume_after_restore() -> None:
    """End the notes of older copies: an operator restored or accepted the data (docs/operate.md)."""
    resume("orders")
