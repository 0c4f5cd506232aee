"""Calls of the card processor that no request waits for, and the sweeper that finds those that got lost."""

from __future__ import annotations

from services.payments import operations
from shared import deadline
from shared.errors import Problem
from shared.jobs import job
from shared.observability import get_logger

log = get_logger()

SWEPT_PAYMENTS = 200
SECONDS_PER_PAYMENT = 20.0
# Less than the job may take: the time-out that ends a job would be taken for the failure of one payment.
SECONDS_PER_SWEEP = 240.0


@job(queue="payments-transactions", timeout=60)
def carry_out_transaction(payment_id: str, transaction_id: str) -> None:
    """Capture, refund or void by key; without an answer it stays pending for the sweeper."""
    operations.carry_out(payment_id, transaction_id)


@job(queue="payments-transactions", timeout=300, every_seconds=15)
def sweep_pending_transactions() -> None:
    """Carry out what is due: jobs that were killed, answers that were lost, refunds that waited for their capture."""
    swept = 0
    with deadline.start(SECONDS_PER_SWEEP):
        for payment_id in operations.find_due(SWEPT_PAYMENTS):
            if deadline.expired():
                log.warning("sweep_cut_short", count=swept)
                break
            swept += _swept(payment_id)
    if swept:
        log.info("transactions_swept", count=swept)


def _swept(payment_id: str) -> int:
    """Carry out what is due of one payment; whatever it fails of must not keep the sweeper from the others."""
    with deadline.start(SECONDS_PER_PAYMENT):
        try:
            return operations.carry_out_due(payment_id)
        except Problem as refusal:
            log.warning("sweep_skipped", payment_id=payment_id, reason=str(refusal))
        except Exception as failure:
            log.error("payment_not_swept", payment_id=payment_id, exc_info=failure)
    return 0
