"""Calls of the card processor that no request waits for, and the sweeper that finds those that got lost."""

from __future__ import annotations

from services.payments import operations
from shared.errors import Problem
from shared.jobs import job
from shared.observability import get_logger

log = get_logger()

SWEPT_PAYMENTS = 200


@job(queue="payments-transactions", timeout=60)
def carry_out_transaction(payment_id: str, transaction_id: str) -> None:
    """Capture, refund or void by key; without an answer it stays pending for the sweeper."""
    operations.carry_out(payment_id, transaction_id)


@job(queue="payments-transactions", timeout=300, every_seconds=15)
def sweep_pending_transactions() -> None:
    """Carry out what is due: jobs that were killed, answers that were lost, refunds that waited for their capture."""
    due = operations.due_pending(SWEPT_PAYMENTS)
    for pending in due:
        try:
            operations.carry_out(*pending)
        except Problem as refusal:
            log.warning("sweep_skipped", payment_id=pending.payment_id, reason=str(refusal))
    if due:
        log.info("transactions_swept", count=len(due))
