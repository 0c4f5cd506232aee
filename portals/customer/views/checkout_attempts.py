"""Checkout attempts of this session: what was reviewed, and the token that paid for it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from flask import session

MOST_OPEN = 5


@dataclass(frozen=True)
class Attempt:
    """
    One way through the checkout; `id` is the Idempotency-Key of its order.

    `reviewed` is the fingerprint of the cart the buyer saw; `token` is None until the card page gave one.
    """

    id: str
    po_number: str
    reviewed: str
    token: str | None = None

    def with_token(self, token: str) -> Attempt:
        return replace(self, token=token)


def find_attempt(attempt_id: str) -> Attempt | None:
    stored = _attempts().get(attempt_id)
    return Attempt(**stored) if stored else None


def keep_attempt(attempt: Attempt) -> None:
    """Remember an attempt; the oldest of more than five is forgotten."""
    others = {key: value for key, value in _attempts().items() if key != attempt.id}
    kept = dict(list(others.items())[-(MOST_OPEN - 1) :])
    session["checkouts"] = kept | {attempt.id: asdict(attempt)}


def forget_attempt(attempt_id: str) -> None:
    session["checkouts"] = {key: value for key, value in _attempts().items() if key != attempt_id}


def _attempts() -> dict[str, Any]:
    found: dict[str, Any] = session.get("checkouts", {})
    return found
