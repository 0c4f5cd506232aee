"""Kinds and statuses of transactions, and when one is retried: plain values in and out."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple

# Long enough for the request or job that recorded the transaction to finish first.
FIRST_SWEEP_AFTER = timedelta(seconds=20)
LONGEST_RETRY_DELAY = timedelta(minutes=10)
# orders repeats a request for a capture or refund after a minute; one that comes sooner is a duplicate delivery.
ANNOUNCED_AGAIN_AFTER = timedelta(seconds=30)


class TransactionKind(StrEnum):
    AUTHORIZATION = "authorization"
    CAPTURE = "capture"
    REFUND = "refund"
    VOID = "void"


class TransactionStatus(StrEnum):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class Outcome(StrEnum):
    """How one attempt of a transaction ended; `unavailable` and `waiting` leave it pending."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNAVAILABLE = "unavailable"
    WAITING = "waiting"


class PendingTransaction(NamedTuple):
    """A transaction that a job carries out."""

    payment_id: str
    transaction_id: str


def refund_key(*, return_id: str | None = None, reference: str | None = None, idempotency_key: str = "") -> str:
    """Return the natural key of a refund: one per return, else per reference, else per Idempotency-Key."""
    if return_id is not None:
        return f"refund:return:{return_id}"
    return f"refund:reference:{reference}" if reference else f"refund:key:{idempotency_key}"


def retry_delay(attempts: int) -> timedelta:
    """Return the delay after the `attempts`-th attempt without an answer: 40 s, 80 s … 10 minutes."""
    doubled: timedelta = FIRST_SWEEP_AFTER * 2 ** min(attempts, 10)
    return min(LONGEST_RETRY_DELAY, doubled)


def is_announced_again(age_seconds: float) -> bool:
    """Return whether a repeated request for a transaction of this age announces its outcome once more."""
    return age_seconds > ANNOUNCED_AGAIN_AFTER.total_seconds()
