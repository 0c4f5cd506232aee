"""What may be captured, refunded and retried, and how a payment stands: plain values in and out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from urllib.parse import urlsplit

# Long enough for the request or job that recorded it to finish first.
FIRST_SWEEP_AFTER = timedelta(seconds=20)
LONGEST_WAIT = timedelta(minutes=10)
# An order must not wait for ever for a processor that never heard of its charge.
AUTHORIZATION_GIVEN_UP_AFTER = timedelta(minutes=15)
MOVEMENT_GIVEN_UP_AFTER = timedelta(hours=24)
# Orders asks again a minute after it asked in vain; what comes sooner is a repeated delivery.
ASKED_ANEW_AFTER = timedelta(seconds=30)

DECLINE_REASONS = frozenset(
    {
        "card_declined",
        "insufficient_funds",
        "processing_error",
        "token_unknown",
        "token_used",
        "order_cancelled",
        "processor_unavailable",
    }
)


class PaymentStatus(StrEnum):
    PENDING = "pending"
    AUTHORIZED = "authorized"
    DECLINED = "declined"
    VOIDED = "voided"
    PARTIALLY_CAPTURED = "partially_captured"
    CAPTURED = "captured"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"


class TransactionKind(StrEnum):
    AUTHORIZATION = "authorization"
    CAPTURE = "capture"
    REFUND = "refund"
    VOID = "void"


class TransactionStatus(StrEnum):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


WITHOUT_MONEY = frozenset({PaymentStatus.PENDING, PaymentStatus.DECLINED, PaymentStatus.VOIDED})


def status_of(amount: int, *, captured: int, refunded: int) -> PaymentStatus:
    """Return how an authorised payment of `amount` stands after what was captured and refunded of it."""
    if refunded:
        return PaymentStatus.REFUNDED if refunded == captured else PaymentStatus.PARTIALLY_REFUNDED
    if captured:
        return PaymentStatus.CAPTURED if captured == amount else PaymentStatus.PARTIALLY_CAPTURED
    return PaymentStatus.AUTHORIZED


def authorization_status(status: PaymentStatus) -> str:
    """Return how the authorisation ended, whatever happened to the money since: authorized, declined or pending."""
    if status in {PaymentStatus.PENDING, PaymentStatus.DECLINED}:
        return status.value
    return PaymentStatus.AUTHORIZED.value


def retry_delay(attempts: int) -> timedelta:
    """Return how long to wait after the `attempts`-th attempt that brought no answer: 40 s, 80 s … 10 minutes."""
    doubled: timedelta = FIRST_SWEEP_AFTER * 2 ** min(attempts, 10)
    return min(LONGEST_WAIT, doubled)


def is_asked_anew(age_seconds: float) -> bool:
    """Return whether a transaction so old is asked for again because its outcome was not heard."""
    return age_seconds > ASKED_ANEW_AFTER.total_seconds()


def decline_label(reason: str) -> str:
    """Return the reason as a metric label: what a processor makes up is `other`, so that labels stay few."""
    return reason if reason in DECLINE_REASONS else "other"


def is_own_url(url: str, origins: Sequence[str]) -> bool:
    """Return whether the URL's scheme, host and port are those of one of `origins`; a mere prefix is not enough."""
    try:
        parts, port = urlsplit(url), urlsplit(url).port
    except ValueError:
        return False
    if not url.isprintable() or "\\" in url or "@" in parts.netloc:
        return False
    return (parts.scheme, parts.hostname, port) in {
        (origin.scheme, origin.hostname, origin.port) for origin in map(urlsplit, origins)
    }
