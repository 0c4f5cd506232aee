"""A refused capture or refund, and whether a person is still needed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class FailureKind(StrEnum):
    CAPTURE = "capture"
    REFUND = "refund"


class Failure(Struct, frozen=True, kw_only=True):
    """
    A capture or refund that was refused: it is not repeated, a person decides.

    `subject_id` is the shipment or return, or a refund without a return; `is_settled`: a person has dealt with it.
    """

    kind: FailureKind
    subject_id: str
    amount: int
    reason: str
    failed_at: datetime
    is_settled: bool = False


def failed_ids(failures: Iterable[Failure]) -> frozenset[str]:
    """Return the ids of the shipments, returns and refunds that were refused."""
    return frozenset(failure.subject_id for failure in failures)


def need_attention(failures: Iterable[Failure]) -> bool:
    """Return whether one of the failures waits for a person."""
    return any(not failure.is_settled for failure in failures)
