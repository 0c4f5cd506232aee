"""What search needs of an engine; a backend is one module that builds this."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Product = Mapping[str, Any]


@dataclass(frozen=True)
class Place:
    """Where a page ended: the tier of relevance, the sort key of its last product, and how many came before it."""

    tier: int
    key: str
    rank: int


@dataclass(frozen=True)
class Question:
    """What is asked: text (empty: everything by name), a category to stay in, and where to go on."""

    text: str
    limit: int
    category: str | None = None
    after: Place | None = None


@dataclass(frozen=True)
class Found:
    """A page of products, where it ended if more follow, and counts over all that was found."""

    products: list[dict[str, Any]]
    end: Place | None
    total: int
    categories: list[tuple[str, int]]
    """Of the same text in all categories, so that one can be changed for another; most products first."""


class Reader(Protocol):
    """Answers from the index as last committed; safe to share between threads."""

    def search(self, question: Question) -> Found:
        """Return a page; raise IndexNotReady while there is no index."""

    def check(self) -> None:
        """Raise IndexNotReady while there is no index."""


class Writer(Protocol):
    """The one that changes the index; every method is called from one thread."""

    def is_current(self, mark: str) -> bool:
        """Return whether there is a whole index of our schema, built for `mark`; raise IndexNotWritable."""

    def upsert(self, products: Sequence[Product]) -> int:
        """Write what is newer than the index, in one commit, and return how many that were."""

    def rebuild(self, pages: Iterable[Sequence[Product]], mark: str, *, beat: Callable[[], None]) -> int:
        """Build a new index beside the old one, put it in its place, and return how many products it holds."""


@dataclass(frozen=True)
class Engine:
    reader: Reader
    writer: Writer
