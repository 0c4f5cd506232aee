"""Requests for the card processor, when a pending one expires, and where a card page may return to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

from services.payments.payments.rules import PaymentStatus
from services.payments.transactions.rules import TransactionKind
from shared.base.money import Money

# An order cannot stay pending for ever because of a charge that the processor never received.
AUTHORIZATION_EXPIRES_AFTER = timedelta(minutes=15)
# A capture that came before its authorisation.
TRANSACTION_EXPIRES_AFTER = timedelta(hours=24)
# A refund of more than is captured and not refunded: orders records a return once its capture is counted, so waiting
# for a capture takes minutes at most; otherwise the money was refunded in another way.
REFUND_EXPIRES_AFTER = timedelta(minutes=15)

DECLINE_REASONS = frozenset(
    {
        "card_declined",
        "expired_card",
        "incorrect_cvc",
        "insufficient_funds",
        "processing_error",
        "token_unknown",
        "token_used",
        "order_cancelled",
        "processor_unavailable",
    }
)


@dataclass(frozen=True)
class AuthorizationRequest:
    """The authorisation that orders requests; the order id is the natural key, `token` stands for the card."""

    order_id: str
    company_id: str
    amount: Money
    token: str = field(repr=False)


@dataclass(frozen=True)
class AuthorizationAnswer:
    """How an authorisation ended: authorized, declined (with its reason) or pending."""

    payment_id: str
    status: str
    reason: str | None


@dataclass(frozen=True)
class RefundRequest:
    """A refund that staff request; `reference` is unique within the payment."""

    amount: Money
    reference: str | None


@dataclass(frozen=True)
class CardPageRequest:
    """`return_url` is where the card page sends the browser, with `?token=`."""

    return_url: str


@dataclass(frozen=True)
class CardPage:
    """The address of a card page of the processor."""

    url: str


def expires_after(kind: TransactionKind) -> timedelta:
    """Return how long a transaction that cannot be carried out yet stays pending."""
    return REFUND_EXPIRES_AFTER if kind == TransactionKind.REFUND else TRANSACTION_EXPIRES_AFTER


def authorization_status(status: PaymentStatus) -> str:
    """Return how the authorisation ended, whatever was captured since: authorized, declined or pending."""
    if status in {PaymentStatus.PENDING, PaymentStatus.DECLINED}:
        return status.value
    return PaymentStatus.AUTHORIZED.value


def decline_label(reason: str) -> str:
    """Return the reason as a metric label: an unknown reason is `other`, so that labels stay few."""
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
