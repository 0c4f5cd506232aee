"""Calls of the card processor that no request waits for, and the sweeper that retries those that were lost."""

from __future__ import annotations

from services.payments.cards import operations
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
