"""Changing a payment that a webhook, a job and a request may change at the same moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from services.payments.documents import Payment
from shared.base import deadline
from shared.base.errors import VersionConflict

RACES = 5
# Kept back from the caller's deadline, so that the outcome is recorded and told before it stops listening.
RECORDING_SECONDS = 0.3
DEFAULT_SECONDS = 10.0


@contextmanager
def leaving_time_to_record() -> Iterator[None]:
    """Give the call of the processor inside the block a little less time than the request has left."""
    with deadline.start(max(0.0, deadline.remaining(DEFAULT_SECONDS) - RECORDING_SECONDS)):
        yield


def change_payment(payment: Payment, change: Callable[[Payment], bool]) -> Payment:
    """
    Change and commit; after a lost race again on the present state.

    `change` returns False when nothing is left to do; it decides anew on each state and must not call outside.
    """
    for _ in range(RACES):
        if not change(payment):
            return payment
        try:
            return payment.commit()
        except VersionConflict:
            payment = Payment.get(payment.id)
    raise VersionConflict()
