"""How text becomes words, and which state of a product counts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from shared.web.schemas import SKU_PATTERN

LONGEST_WORD = 40
MOST_WORDS = 12
SHORTEST_WITH_TYPO = 4
# Short enough for a cursor; names that are equal this far are listed by SKU.
NAME_KEY_LENGTH = 50
_WORD = re.compile(r"[^\W_]+")


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case and without accents, each cut to 40 characters."""
    folded = text.casefold()
    if not folded.isascii():
        decomposed = unicodedata.normalize("NFKD", folded)
        folded = "".join(character for character in decomposed if not unicodedata.combining(character))
    return [word[:LONGEST_WORD] for word in _WORD.findall(folded)]


def asked_words(text: str) -> list[str]:
    """Return the words of a query, each once, at most twelve."""
    return list(dict.fromkeys(words_of(text)))[:MOST_WORDS]


def sku_of(text: str) -> str | None:
    """Return what the text is as (the beginning of) a SKU, None when no SKU begins so."""
    sku = text.strip().upper()
    return sku if SKU_PATTERN.match(sku) else None


def allows_typo(word: str) -> bool:
    """Words of four letters or more may be mistyped; numbers are codes and may not."""
    return len(word) >= SHORTEST_WITH_TYPO and word.isalpha()


def name_key(product: Mapping[str, Any]) -> str:
    """Return what products are listed by: the name, then the SKU; unique."""
    return f"{' '.join(words_of(product['name']))[:NAME_KEY_LENGTH]}\t{product['sku']}"


def newest(products: Iterable[Mapping[str, Any]], known: Mapping[str, int]) -> list[Mapping[str, Any]]:
    """Return each product's newest state, those alone that are newer than the `known` versions by SKU."""
    latest: dict[str, Mapping[str, Any]] = {}
    for product in products:
        sku, version = product["sku"], product["version"]
        if version > known.get(sku, 0) and (sku not in latest or version > latest[sku]["version"]):
            latest[sku] = product
    return list(latest.values())
