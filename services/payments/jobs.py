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
    swept = 0
    for payment_id in operations.find_due(SWEPT_PAYMENTS):
        try:
            swept += operations.carry_out_due(payment_id)
        except Problem as refusal:
            log.warning("sweep_skipped", payment_id=payment_id, reason=str(refusal))
        except Exception as failure:  # one payment must not keep the sweeper from the others
            log.error("payment_not_swept", payment_id=payment_id, exc_info=failure)
    if swept:
        log.info("transactions_swept", count=swept)
