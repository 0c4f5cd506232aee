"""Sweepers: what must happen is found again in MongoDB."""

from __future__ import annotations

from services.orders import operations
from shared.events.jobs import job


@job(queue="orders-sweeps", timeout=120, every_seconds=5)
def attend_due_orders() -> None:
    """Finish or undo orders on their way, and announce again what payments has not answered."""
    operations.attend_due_orders()


@job(queue="orders-sweeps", timeout=300, every_seconds=60)
def release_stray_reservations() -> None:
    """Release stock that is held for orders which are gone or never were."""
    operations.release_strays()
