"""The products of the index, how their texts become words, and which state of a product is the newest."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from shared.base.pages import PageRequest
from shared.base.skus import is_sku, normal_sku

LONGEST_WORD = 40
MOST_WORDS = 12
SHORTEST_WITH_TYPO = 4
# Short enough for a cursor; names that are equal this far are listed by SKU.
NAME_KEY_LENGTH = 50
_WORD = re.compile(r"[^\W_]+")


class FoundPrice(msgspec.Struct, frozen=True):
    """A unit price in minor units; a text when it carries decimals of them."""

    amount: int | str
    currency: str


class FoundProduct(msgspec.Struct, frozen=True, kw_only=True):
    """
    What search shows of a product, stored in the index as JSON; its texts are searched.

    A field added here needs a default, with which older products are read, and a new `engine.layout.SCHEMA_VERSION`.
    """

    sku: str
    name: str
    description: str = ""
    category: str = ""
    unit_price: FoundPrice


class IndexedProduct(FoundProduct, frozen=True, kw_only=True):
    """A state of a product; the highest `version` is the newest."""

    version: int
    is_active: bool

    @property
    def found(self) -> FoundProduct:
        return FoundProduct(**{name: getattr(self, name) for name in FoundProduct.__struct_fields__})

    @property
    def text(self) -> str:
        return " ".join(getattr(self, name) for name in TEXTS)


TEXTS = tuple(field.name for field in msgspec.structs.fields(FoundProduct) if field.type is str)


class CatalogPage(msgspec.Struct, frozen=True):
    """A page of the whole catalog by SKU; `next_cursor` is None after the last."""

    items: list[IndexedProduct]
    next_cursor: str | None = None


@dataclass(frozen=True, kw_only=True)
class SearchTerms(PageRequest):
    """What a user searches for: text (empty: all products), a category to stay in, and which page."""

    q: str = ""
    category: str | None = None


@dataclass(frozen=True)
class SuggestTerms:
    """What a user has typed so far."""

    q: str


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case and without accents, each cut to 40 characters."""
    folded = text.casefold()
    if not folded.isascii():
        decomposed = unicodedata.normalize("NFKD", folded)
        folded = "".join(character for character in decomposed if not unicodedata.combining(character))
    return [word[:LONGEST_WORD] for word in _WORD.findall(folded)]


def query_words(text: str) -> list[str]:
    """Return the words of a query, each once, at most twelve."""
    return list(dict.fromkeys(words_of(text)))[:MOST_WORDS]


def sku_of(text: str) -> str | None:
    """Return the text as (the beginning of) a SKU, None when no SKU begins with it."""
    sku = normal_sku(text)
    return sku if is_sku(sku) else None


def allows_typo(word: str) -> bool:
    """Words of four letters or more may be mistyped; numbers are codes and may not."""
    return len(word) >= SHORTEST_WITH_TYPO and word.isalpha()


def name_key(product: FoundProduct) -> str:
    """Return the key by which products are listed: the name, then the SKU; unique."""
    return f"{' '.join(words_of(product.name))[:NAME_KEY_LENGTH]}\t{product.sku}"


def newest(products: Iterable[IndexedProduct], known: Mapping[str, int]) -> list[IndexedProduct]:
    """Return each product's newest state, if it is newer than the `known` version of its SKU."""
    latest: dict[str, IndexedProduct] = {}
    for product in products:
        sku, version = product.sku, product.version
        if version > known.get(sku, 0) and (sku not in latest or version > latest[sku].version):
            latest[sku] = product
    return list(latest.values())
