"""Calls of the card processor that no request waits for, and the sweeper that retries those that were lost."""

from __future__ import annotations

from services.payments.cards import operations
from services.payments.comparison.operations import compare_with_processor
from shared.base.errors import Unavailable
from shared.data.older_copies import resume
from shared.events.jobs import job
from shared.events.sweeps import sweep
from shared.observe.observability import get_logger

log = get_logger()

SWEPT_PAYMENTS = 200
SECONDS_PER_PAYMENT = 20.0
SECONDS_PER_SWEEP = 240.0


@job(queue="payments-transactions", timeout=60)
def carry_out_transaction(payment_id: str, transaction_id: str) -> None:
    """Capture, refund or void by key; without an answer the transaction stays pending for the sweeper."""
    operations.carry_out(payment_id, transaction_id)


@job(queue="payments-transactions", timeout=300, every_seconds=15)
def sweep_pending_transactions() -> None:
    """Retry what is due: killed jobs, lost answers, refunds that waited for their capture."""
    due = operations.find_due(SWEPT_PAYMENTS)
    swept = sweep(due, operations.carry_out_due, seconds=SECONDS_PER_SWEEP, seconds_each=SECONDS_PER_PAYMENT)
    if swept:
        log.info("payments_swept", count=swept)


@job(queue="payments-transactions", timeout=120, every_seconds=600)
def find_older_copies() -> None:
    """Compare payments with the processor, at the start and every ten minutes."""
    try:
        compare_with_processor()
    except Unavailable as failure:
        log.warning("comparison_postponed", reason=str(failure))


@job(queue="payments-transactions", timeout=600)
def resume_after_restore() -> None:
    """End the notes of older copies: an operator restored or accepted the data (docs/operate.md)."""
    resume("payments")
