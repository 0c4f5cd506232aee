"""The states of an order and what each allows."""

from __future__ import annotations

from enum import StrEnum


class OrderStatus(StrEnum):
    """
    `placed`: prices are frozen. `pending_payment`: stock is held. `confirmed`: the payment, if any, is authorised.

    `refused` was undone before it was confirmed, `cancelled` by a person before anything was shipped.
    """

    PLACED = "placed"
    PENDING_PAYMENT = "pending_payment"
    CONFIRMED = "confirmed"
    PARTIALLY_SHIPPED = "partially_shipped"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"
    REFUSED = "refused"


UNDECIDED = frozenset({OrderStatus.PLACED, OrderStatus.PENDING_PAYMENT})
CANCELLABLE = UNDECIDED | {OrderStatus.CONFIRMED}
SHIPPABLE = frozenset({OrderStatus.CONFIRMED, OrderStatus.PARTIALLY_SHIPPED})
GONE = frozenset({OrderStatus.CANCELLED, OrderStatus.REFUSED})

FIRST_RETRY_SECONDS = 3
LONGEST_RETRY_SECONDS = 600


def retry_seconds(attempts: int) -> int:
    """Return how long to wait for an answer before the sweeper looks again, after so many looks."""
    doubled: int = FIRST_RETRY_SECONDS * 2 ** min(attempts, 10)
    return min(doubled, LONGEST_RETRY_SECONDS)
