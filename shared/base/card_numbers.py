"""Numbers of payment cards in texts: a shop that stores one falls under PCI DSS (docs/adr/0036)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

SHORTEST, LONGEST = 13, 19
REFUSAL = "This looks like a card number, which must not be stored: remove it."
_DASHES = "\\-\u2010-\u2015\u2212\ufe58\ufe63\uff0d"
_RUN = re.compile(rf"\d(?:[\s{_DASHES}]{{0,3}}\d){{{SHORTEST - 1},}}")
_GROUP = re.compile(r"\d+")
# Random ids that machines make hold long runs of digits by chance, one of a thousand such a run that looks like a card
# number: UUIDs (RFC 9562), hexadecimal words, and long words of letters and digits.
_ID = re.compile(
    r"\b(?:(?=[0-9-]*[a-f])[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    r"|(?=[0-9]*[a-f])[0-9a-f]{16,}"
    r"|(?=[0-9_]*[a-z])[0-9a-z_]{24,})\b",
    re.IGNORECASE,
)
# The first digits of the numbers that card schemes issue (ISO/IEC 7812): Mir, Mastercard, American Express, Diners,
# JCB, Visa, Maestro, Discover, UnionPay, RuPay, Troy. Others are dates, timestamps and numbers of documents.
_ISSUED = re.compile(r"220[0-4]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720|[3-6]|8[12]|9792")


def holds_card_number(text: str, *, are_gtins_allowed: bool = False) -> bool:
    """
    Return whether a text holds 13 to 19 digits, in groups or not, that are the number of a payment card.

    They begin as card schemes begin theirs and pass the Luhn check (ISO/IEC 7812-1, annex B). With
    `are_gtins_allowed`, a GTIN-13 or GTIN-14 with its check digit (GS1) is none: catalogs are full of them. The
    digits of an id that a machine made are none either.
    """
    plain = text if text.isascii() else _plain(text)
    return any(
        _is_card_number(number) and not (are_gtins_allowed and _is_gtin(number))
        for run in _RUN.finditer(_ID.sub("id", plain))
        for number in _numbers(run[0])
    )


def passes_luhn(number: str) -> bool:
    """Return whether the last digit is the check digit of the others (ISO/IEC 7812-1, annex B)."""
    digits = [int(sign) for sign in number]
    doubled = [digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _numbers(run: str) -> Iterator[str]:
    """Yield each sequence of neighbouring groups of digits that is as long as a card number."""
    groups = _GROUP.findall(run)
    for first in range(len(groups)):
        number = ""
        for group in groups[first:]:
            number += group
            if len(number) > LONGEST:
                break
            if len(number) >= SHORTEST:
                yield number


def _is_card_number(number: str) -> bool:
    return _ISSUED.match(number) is not None and passes_luhn(number)


def _is_gtin(number: str) -> bool:
    """Return whether 13 or 14 digits end with GS1's check digit (General Specifications, 7.9)."""
    if len(number) not in (13, 14):
        return False
    digits = [int(sign) for sign in number]
    return (sum(digits[-1::-2]) + 3 * sum(digits[-2::-2])) % 10 == 0


def _plain(text: str) -> str:
    """Return the text with ASCII digits and without characters that are not seen."""
    seen = (sign for sign in unicodedata.normalize("NFKC", text) if unicodedata.category(sign) != "Cf")
    return "".join(str(unicodedata.digit(sign)) if sign.isdigit() else sign for sign in seen)
