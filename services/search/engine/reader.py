"""Reading the Tantivy index: pages by tier, counts by category, always from the last commit."""

from __future__ import annotations

import threading
from bisect import bisect_right
from dataclasses import dataclass
from typing import Any

import tantivy

from services.search.engine.index_directory import IndexDirectory, IndexLabel
from services.search.engine.interface import CategoryCount, Found, PagePosition, SearchRequest
from services.search.engine.layout import SCHEMA_VERSION, found_product
from services.search.engine.tiers import Tier, Tiers, for_sale, tiers_of
from services.search.errors import IndexNotReady

MOST_CATEGORIES = 200
ATTEMPTS = 3


@dataclass(frozen=True)
class _Opened:
    label: IndexLabel
    signature: tuple[int, ...]
    index: Any


class TantivyReader:
    """Opens the current index at the first search, and again whenever the directory has changed."""

    def __init__(self, directory: IndexDirectory) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        self._opened: _Opened | None = None

    def check(self) -> None:
        self._searcher()

    def search(self, request: SearchRequest) -> Found:
        searcher = self._searcher()
        tiers = tiers_of(request.text)
        chosen, everything = _chosen(searcher, tiers, request)
        hits = _hits(searcher, chosen, tiers.order, request)
        page = hits[: request.limit]
        return Found(
            products=[found_product(searcher.doc(address)) for _, address in page],
            end=page[-1][0] if len(hits) > request.limit else None,
            total=_count(searcher, for_sale(everything, request.category)),
            categories=_categories(searcher, for_sale(everything)),
        )

    def _searcher(self) -> Any:
        for _ in range(ATTEMPTS):
            try:
                return self._follow().index.searcher()
            except (OSError, ValueError):
                self._opened = None  # another index became current between two reads
        raise IndexNotReady("The search index does not exist yet; retry")

    def _follow(self) -> _Opened:
        opened = self._opened
        if opened is not None and self._directory.signature(opened.label) == opened.signature:
            return opened
        with self._lock:
            self._opened = self._open()
            return self._opened

    def _open(self) -> _Opened:
        label = self._directory.label()
        if label is None or label.schema_version != SCHEMA_VERSION:
            raise FileNotFoundError("no index of our schema")
        signature = self._directory.signature(label)
        if self._opened is not None and self._opened.label == label:
            self._opened.index.reload()
            return _Opened(label, signature, self._opened.index)
        index = tantivy.Index.open(str(self._directory.path_of(label)))
        index.config_reader("manual")
        index.reload()
        return _Opened(label, signature, index)


def _chosen(searcher: Any, tiers: Tiers, request: SearchRequest) -> tuple[list[Tier], Any]:
    """Return the tiers that answer and what they match together; the loose ones when the strict ones match nothing."""
    continues_loose = request.after is not None and request.after.tier >= len(tiers.strict)
    if tiers.loose and (continues_loose or not _count(searcher, for_sale(tiers.all_strict, request.category))):
        return [*tiers.strict, *tiers.loose], tiers.all_loose
    return tiers.strict, tiers.all_strict


def _count(searcher: Any, query: Any) -> int:
    return int(searcher.search(query, limit=1).count)


def _hits(searcher: Any, tiers: list[Tier], order: str, request: SearchRequest) -> list[tuple[PagePosition, Any]]:
    """Return the hits of the page and the next one, if there is one."""
    hits: list[tuple[PagePosition, Any]] = []
    wanted, to_skip = request.limit + 1, request.skipped
    first = request.after.tier if request.after else 0
    for number in range(first, len(tiers)):
        listing = _Listing(searcher, for_sale(tiers[number].query, request.category, but=tiers[number].but), order)
        skipped = listing.rank_after(request.after) if request.after and number == first else 0
        if to_skip:
            skipped = min(to_skip, listing.count())
            to_skip -= skipped
        found = listing.hits(skipped, wanted - len(hits))
        hits += [(PagePosition(number, key, skipped + i), address) for i, (key, address) in enumerate(found, 1)]
        if len(hits) == wanted:
            break
    return hits


class _Listing:
    """The products of one tier in their order; each has a sort key of its own."""

    def __init__(self, searcher: Any, query: Any, order: str) -> None:
        self._searcher = searcher
        self._query = query
        self._order = order

    def hits(self, offset: int, limit: int) -> list[tuple[str, Any]]:
        found = self._searcher.search(
            self._query,
            limit=limit,
            offset=offset,
            order_by_field=self._order,
            order=tantivy.Order.Asc,
            count=False,
        )
        return list(found.hits)

    def count(self) -> int:
        return _count(self._searcher, self._query)

    def rank_after(self, end: PagePosition) -> int:
        """Return how many products come before the page after `end`, whose rank other changes may have moved."""
        count = self.count()
        if 0 < end.rank <= count and self._key_at(end.rank - 1) == end.key:
            return end.rank
        return bisect_right(range(count), end.key, key=self._key_at)

    def _key_at(self, rank: int) -> str:
        return self.hits(rank, 1)[0][0]


def _categories(searcher: Any, query: Any) -> list[CategoryCount]:
    wanted = {"by_category": {"terms": {"field": "category", "size": MOST_CATEGORIES}}}
    buckets = searcher.aggregate(query, wanted)["by_category"]["buckets"]
    counts = [CategoryCount(bucket["key"], int(bucket["doc_count"])) for bucket in buckets if bucket["key"]]
    return sorted(counts, key=lambda each: (-each.count, each.value))
