"""Texts that people write: which characters they may hold, and their line breaks."""

from __future__ import annotations

import re
import unicodedata

from shared.base import card_numbers
from shared.base.card_numbers import holds_card_number

_NOT_PRINTABLE = r"\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff"
# Character classes for patterns. All but line feed and tab are refused in a text, line breaks too in a line.
TEXT_CHARACTER = f"[^{_NOT_PRINTABLE}]"
LINE_CHARACTER = rf"[^\n\u2028\u2029{_NOT_PRINTABLE}]"
_TEXT = re.compile(f"{TEXT_CHARACTER}*")
_LINE = re.compile(f"{LINE_CHARACTER}*")


def with_line_feeds(text: str) -> str:
    """Return the text with `\\n` as its only line break; browsers send `\\r\\n`, and spreadsheets store either."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def fault_of_text(text: str, *, multiline: bool, are_gtins_allowed: bool = False) -> str | None:
    """Return what is wrong with a text with line feeds, None when nothing is; see `holds_card_number` for GTINs."""
    if _TEXT.fullmatch(text) is None:
        return "Control characters are not allowed."
    if not multiline and _LINE.fullmatch(text) is None:
        return "Give one line, without line breaks."
    return card_numbers.REFUSAL if holds_card_number(text, are_gtins_allowed=are_gtins_allowed) else None


def comparable(text: str) -> str:
    """Return the NFKC form, in which texts compare that look alike however a keyboard or system composes them."""
    return unicodedata.normalize("NFKC", text)
