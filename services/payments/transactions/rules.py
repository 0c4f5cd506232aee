"""Kinds and statuses of transactions, and when one is retried: plain values in and out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Protocol

import msgspec

from shared.base.money import Money

# Long enough for the request or job that recorded the transaction to finish first.
FIRST_SWEEP_AFTER = timedelta(seconds=20)
LONGEST_RETRY_DELAY = timedelta(minutes=10)
# orders repeats a request for a capture or refund after a minute; one that comes sooner is a duplicate delivery.
ANNOUNCED_AGAIN_AFTER = timedelta(seconds=30)


class TransactionKind(StrEnum):
    """A void releases the whole authorisation, a release the part that will not be captured."""

    AUTHORIZATION = "authorization"
    CAPTURE = "capture"
    REFUND = "refund"
    VOID = "void"
    RELEASE = "release"


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


# What buyers read in place of the reason why a capture or refund was refused.
REFUSED = "refused"


class TransactionRecord(msgspec.Struct, frozen=True):
    """A transaction as it is stored; `amount` is in minor units of its payment's currency."""

    id: str
    kind: TransactionKind
    status: TransactionStatus
    amount: int
    created_at: datetime
    reference: str | None = None
    reason: str | None = None

    def for_buyers(self) -> TransactionRecord:
        """Return it as buyers read it: the processor's reason only where their card was declined."""
        if self.reason is None or self.kind is TransactionKind.AUTHORIZATION:
            return self
        return msgspec.structs.replace(self, reason=REFUSED)

    def shown(self, currency: str) -> ShownTransaction:
        """Return the transaction as the API shows it, in the currency of its payment."""
        return ShownTransaction(
            self.id,
            self.kind,
            self.status,
            Money(self.amount, currency),
            self.created_at,
            self.reference,
            self.reason,
        )


@dataclass(frozen=True)
class ShownTransaction:
    """A transaction as the API shows it: its amount is money."""

    id: str
    kind: TransactionKind
    status: TransactionStatus
    amount: Money
    created_at: datetime
    reference: str | None
    reason: str | None


class PendingTransaction(NamedTuple):
    """A transaction that a job carries out."""

    payment_id: str
    transaction_id: str


class Counted(Protocol):
    """What `requested_amount` reads of a transaction."""

    @property
    def kind(self) -> TransactionKind: ...
    @property
    def status(self) -> TransactionStatus: ...
    @property
    def amount(self) -> int: ...


def requested_amount(kind: TransactionKind, transactions: Iterable[Counted]) -> int:
    """Return the minor units of the transactions of one kind that succeeded or are pending."""
    return sum(each.amount for each in transactions if each.kind == kind and each.status != TransactionStatus.FAILED)


def succeeded_amount(kind: TransactionKind, transactions: Iterable[Counted]) -> int:
    """Return the minor units of the transactions of one kind that succeeded."""
    return sum(each.amount for each in transactions if each.kind == kind and each.status == TransactionStatus.SUCCEEDED)


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
