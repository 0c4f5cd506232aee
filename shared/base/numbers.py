"""Numbers in text that people or files give: one strict syntax, so that a decimal comma never multiplies a number."""

from __future__ import annotations

import re
from decimal import Decimal
from enum import StrEnum

LONGEST_NUMBER = 40


class DecimalMark(StrEnum):
    """The character before the decimals; the other one separates thousands."""

    POINT = "."
    COMMA = ","


def _syntax(mark: DecimalMark) -> re.Pattern[str]:
    thousands = DecimalMark.COMMA if mark is DecimalMark.POINT else DecimalMark.POINT
    # No group begins with 0: `0,125` is a decimal comma.
    whole = rf"(?:[0-9]+|[1-9][0-9]{{0,2}}(?:{re.escape(thousands)}[0-9]{{3}})+)"
    return re.compile(rf"(?P<whole>{whole})(?:{re.escape(mark)}(?P<decimals>[0-9]+))?")


_SYNTAX = {mark: _syntax(mark) for mark in DecimalMark}
_NOT_A_DIGIT = re.compile("[^0-9]")


def _found(text: str, mark: DecimalMark) -> re.Match[str] | None:
    return _SYNTAX[mark].fullmatch(text) if len(text) <= LONGEST_NUMBER else None


def read_decimal(text: str, *, mark: DecimalMark = DecimalMark.POINT) -> Decimal | None:
    """
    Return the number that a text holds (`1234.5`, `1,234.5`), None if the text is no number.

    Digits are 0 to 9. The thousands separator stands only between groups of three digits. Signs, exponents, blanks,
    underscores and a separator without digits behind it are refused: `1,50`, `1e3`, `1_000`, `+5`, `-0`, `5.`.
    """
    found = _found(text, mark)
    if found is None:
        return None
    whole = _NOT_A_DIGIT.sub("", found["whole"])
    return Decimal(f"{whole}.{found['decimals']}" if found["decimals"] else whole)


def read_whole(text: str, *, mark: DecimalMark = DecimalMark.POINT) -> int | None:
    """Return the whole number that a text holds (`1200`, `1,200`), None if the text is none; `5.0` is none."""
    found = _found(text, mark)
    return None if found is None or found["decimals"] else int(_NOT_A_DIGIT.sub("", found["whole"]))


def read_digits(text: str) -> int | None:
    """Return the whole number that a machine wrote as digits, without separators; None for any other text."""
    return read_whole(text) if text.isdecimal() else None
