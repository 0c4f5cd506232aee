"""What a record is found by: short texts in one spelling, of which a query names the beginnings."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

LONGEST_TERM = 64
MOST_WORDS = 8
_MOST_PARTS = 8
_PART = re.compile(r"(?<=[\W_])[^\W_]")


def folded(text: str) -> str:
    """Return the text in lower case without accents, so that spellings that look alike are equal."""
    lower = text.casefold()
    if lower.isascii():
        return lower
    decomposed = unicodedata.normalize("NFKD", lower)
    return "".join(each for each in decomposed if not unicodedata.combining(each)).casefold()


def terms_of(text: str) -> Iterator[str]:
    """
    Return what a text is found by: its words, and the rest of each word from each of its parts on.

    `PO-2026-0042` is found by its beginning, by `2026-0042`, by `0042` and by `42`.
    """
    for word in folded(text).split():
        yield word[:LONGEST_TERM]
        for start in [found.start() for found in _PART.finditer(word)][:_MOST_PARTS]:
            rest = word[start:]
            yield rest[:LONGEST_TERM]
            if rest.isdecimal() and rest.startswith("0"):
                yield rest.lstrip("0")[:LONGEST_TERM] or "0"


def query_words(text: str) -> list[str]:
    """Return the words of a query, each once, at most eight."""
    return [word[:LONGEST_TERM] for word in dict.fromkeys(folded(text).split())][:MOST_WORDS]
