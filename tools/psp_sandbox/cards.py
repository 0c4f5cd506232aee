"""Test cards and what a form of the hosted page must hold; card numbers are looked at here and kept nowhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class TestCard:
    """A number the page accepts and how charges of its token end; `decline_code` None means authorized."""

    __test__ = False  # pytest would collect it by its name

    number: str
    label: str
    decline_code: str | None = None

    @property
    def spaced(self) -> str:
        """The number in groups of four, as on a card."""
        return re.sub(r"(.{4})(?!$)", r"\1 ", self.number)


TEST_CARDS = (
    TestCard("4242424242424242", "Authorized"),
    TestCard("4000000000000002", "Declined by the bank", "card_declined"),
    TestCard("4000000000009995", "Declined: insufficient funds", "insufficient_funds"),
    TestCard("4000000000000069", "Declined: expired card", "expired_card"),
    TestCard("4000000000000127", "Declined: wrong CVC", "incorrect_cvc"),
    TestCard("4000000000009979", "Declined: stolen card", "stolen_card"),
    TestCard("4000000000000119", "Declined: processing error", "processing_error"),
)
REUSABLE_TOKENS: Mapping[str, str | None] = {"tok_ok": None, "tok_declined": "card_declined"}
_BY_NUMBER = {card.number: card for card in TEST_CARDS}


@dataclass(frozen=True)
class CardForm:
    """The outcome of reading the form: the card, or an error per field name."""

    card: TestCard | None
    errors: dict[str, str]


def read_card(form: Mapping[str, str], *, now: datetime | None = None) -> CardForm:
    """
    Check number, expiry (`MM/YY`, this month still counts) and CVC; only test cards pass, real ones do not.

    The button beside a test card names it as `test_card`, and nothing else need be typed.
    """
    chosen = _BY_NUMBER.get(form.get("test_card", ""))
    if chosen is not None:
        return CardForm(card=chosen, errors={})
    errors = {}
    number = re.sub(r"[\s-]", "", form.get("number", ""))
    card = _BY_NUMBER.get(number)
    if not number:
        errors["number"] = "Enter the card number."
    elif not _passes_luhn(number):
        errors["number"] = "This is not a valid card number."
    elif card is None:
        errors["number"] = "Only the test cards listed on this page work here."
    if not _expires_later(form.get("expiry", ""), now or datetime.now(UTC)):
        errors["expiry"] = "Enter a date in the future, as MM/YY."
    if not re.fullmatch(r"\d{3,4}", form.get("cvc", "").strip()):
        errors["cvc"] = "Enter the three or four digits from the back of the card."
    return CardForm(card=None if errors else card, errors=errors)


def _passes_luhn(number: str) -> bool:
    if not re.fullmatch(r"[0-9]{12,19}", number):
        return False
    digits = [int(digit) for digit in reversed(number)]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[0::2]) + sum(doubled)) % 10 == 0


def _expires_later(expiry: str, now: datetime) -> bool:
    match = re.fullmatch(r"\s*(0[1-9]|1[0-2])\s*/\s*(\d{2})\s*", expiry)
    if match is None:
        return False
    month, year = int(match[1]), 2000 + int(match[2])
    return (year, month) >= (now.year, now.month)
