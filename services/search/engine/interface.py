"""What search needs of an engine; a backend is one module that builds this."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.search.rules import FoundProduct, IndexedProduct


@dataclass(frozen=True)
class PagePosition:
    """Where a page ended: the tier of relevance, the sort key of its last product, and its rank in the tier."""

    tier: int
    key: str
    rank: int


@dataclass(frozen=True)
class SearchRequest:
    """
    Text (empty: everything by name), a category to stay in, and where the page begins.

    It begins `after` a position, or, going back, where `skipped` products come before it.
    """

    text: str
    limit: int
    category: str | None = None
    after: PagePosition | None = None
    skipped: int = 0


@dataclass(frozen=True)
class CategoryCount:
    """How many of the found products are of one category."""

    value: str
    count: int


@dataclass(frozen=True)
class Found:
    """A page of products, its end if more follow, and counts over all that was found."""

    products: list[FoundProduct]
    end: PagePosition | None
    total: int
    categories: list[CategoryCount]
    """Of the same text in all categories, so that one can be changed for another; most products first."""


class Reader(Protocol):
    """Searches the index as last committed; safe to share between threads."""

    def search(self, request: SearchRequest) -> Found:
        """Return a page; raise IndexNotReady while there is no index."""

    def check(self) -> None:
        """Raise IndexNotReady while there is no index."""


class Writer(Protocol):
    """Changes the index; every method is called from one thread."""

    def is_current(self, mark: str) -> bool:
        """Return whether there is a whole index of our schema, built for `mark`; raise IndexNotWritable."""

    def upsert(self, products: Sequence[IndexedProduct]) -> int:
        """Write the products that are newer than in the index, in one commit, and return how many they were."""

    def rebuild(self, pages: Iterable[Sequence[IndexedProduct]], mark: str, *, beat: Callable[[], None]) -> int:
        """Build a new index beside the old one, make it the current one, and return how many products it holds."""


@dataclass(frozen=True)
class Engine:
    reader: Reader
    writer: Writer
