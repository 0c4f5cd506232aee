"""Sweepers: they continue what a crash, a lost event or a timeout left unfinished; MongoDB says what is due."""

from __future__ import annotations

from services.orders.checkout import saga
from shared.events.jobs import job


@job(queue="orders-sweeps", timeout=120, every_seconds=5)
def attend_due_orders() -> None:
    """Finish or refuse undecided orders, and publish again what payments has not settled."""
    saga.sweep_due_orders()


@job(queue="orders-sweeps", timeout=300, every_seconds=60)
def release_stray_reservations() -> None:
    """Release stock that is reserved for withdrawn or unknown orders."""
    saga.release_stray_reservations()
