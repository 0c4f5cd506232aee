"""What the statuses of orders, payments, imports and messages are called on a page, and in which tone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Word:
    """A status as people read it; `tone` is good, calm, warn, bad or empty (neutral)."""

    label: str
    tone: str


@dataclass(frozen=True)
class Step:
    """One station of a timeline; `state` is done, half, next or stopped."""

    label: str
    state: str
    at: str | None = None
    note: str = ""


ORDER_WORDS = {
    "placed": Word("Placed", "calm"),
    "pending_payment": Word("Awaiting payment", "warn"),
    "confirmed": Word("Confirmed", "calm"),
    "partially_shipped": Word("Partly shipped", "warn"),
    "shipped": Word("Shipped", "good"),
    "partially_cancelled": Word("Shipped, rest cancelled", "good"),
    "cancelled": Word("Cancelled", ""),
    "refused": Word("Refused", "bad"),
}
PAYMENT_WORDS = {
    "pending": Word("Pending", "warn"),
    "authorized": Word("Authorised", "calm"),
    "declined": Word("Declined", "bad"),
    "voided": Word("Voided", ""),
    "partially_captured": Word("Partly captured", "warn"),
    "captured": Word("Captured", "good"),
    "partially_refunded": Word("Partly refunded", "calm"),
    "refunded": Word("Refunded", "calm"),
    "succeeded": Word("Succeeded", "good"),
    "failed": Word("Failed", "bad"),
}
IMPORT_WORDS = {
    "queued": Word("Queued", "calm"),
    "running": Word("Running", "calm"),
    "succeeded": Word("Finished", "good"),
    "succeeded_with_errors": Word("Finished with errors", "warn"),
    "failed": Word("Failed", "bad"),
}
MESSAGE_WORDS = {
    "pending": Word("On its way", "calm"),
    "sent": Word("Sent", "good"),
    "failed": Word("Not delivered", "bad"),
}
WORDS = {"order": ORDER_WORDS, "payment": PAYMENT_WORDS, "import": IMPORT_WORDS, "message": MESSAGE_WORDS}


def status_word(kind: str, status: str) -> Word:
    """Return the word for a status; one this portal does not know yet is shown as it is."""
    return WORDS[kind].get(status) or Word(status.replace("_", " ").capitalize(), "")
