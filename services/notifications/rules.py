"""What is said to whom and when it is tried again: plain values in and out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any

from shared.base.money import EXPONENTS, major_units

# Long enough for the job that was started with it to finish first.
FIRST_SWEEP_AFTER = timedelta(seconds=20)
LONGEST_WAIT = timedelta(hours=1)
MOST_ATTEMPTS = 12


class NotificationKind(StrEnum):
    ORDER_CONFIRMED = "order_confirmed"
    ORDER_SHIPPED = "order_shipped"
    ORDER_REFUNDED = "order_refunded"
    ORDER_CANCELLED = "order_cancelled"


class NotificationStatus(StrEnum):
    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"


def subject_of(kind: NotificationKind, facts: Mapping[str, Any]) -> str:
    """Return the subject line, on one line whatever the facts contain."""
    order = f"order {facts['number']}" if facts.get("number") else "your order"
    subjects = {
        NotificationKind.ORDER_CONFIRMED: f"Confirmed: {order}",
        NotificationKind.ORDER_SHIPPED: f"Shipped: {order}" if facts.get("is_complete") else f"Partly shipped: {order}",
        NotificationKind.ORDER_REFUNDED: f"Refunded: {facts.get('total', '')} for {order}",
        NotificationKind.ORDER_CANCELLED: f"Cancelled: {order}",
    }
    return one_line(subjects[kind])


def one_line(text: str) -> str:
    """Return the text without line breaks and control characters, so that it cannot start a header of its own."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def money_text(amount: int, currency: str) -> str:
    """Return minor units as people read them: `1,234.50 GBP`."""
    return f"{major_units(amount, currency):,.{EXPONENTS.get(currency, 2)}f} {currency}"


def retry_delay(attempts: int) -> timedelta:
    """Return how long to wait after the `attempts`-th attempt in vain: 40 s, 80 s … one hour."""
    doubled: timedelta = FIRST_SWEEP_AFTER * 2 ** min(attempts, 10)
    return min(LONGEST_WAIT, doubled)


def message_id(notification_id: str, sender: str) -> str:
    """Return the Message-ID of a notification's mail, the same each time it is sent."""
    return f"<{notification_id}@{sender.rpartition('@')[2]}>"
