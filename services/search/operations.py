"""Searching and suggesting products, and keeping the index up to date."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from services.search.clients import products
from services.search.documents import RebuildRequest
from services.search.engine import CategoryCount, PagePosition, SearchRequest, engine
from services.search.rules import FoundProduct, IndexedProduct, SearchTerms, SuggestTerms
from shared.base.errors import CursorInvalid, FieldError
from shared.data.pagination import Place, decode_cursor, encode_cursor, list_key
from shared.events.catalog.products import ProductChanged
from shared.observe.observability import get_logger

log = get_logger()

SUGGESTIONS = 8


@dataclass(frozen=True)
class Facets:
    """Counts of everything found, by category."""

    category: list[CategoryCount]


@dataclass(frozen=True)
class FoundPage:
    """A page of found products, with counts over all pages."""

    items: list[FoundProduct]
    next_cursor: str | None
    previous_cursor: str | None
    position: int
    total: int
    facets: Facets
    is_total_exact: bool = True


@dataclass(frozen=True)
class Suggestions:
    """Products whose SKU or name begins with what a user types."""

    items: list[FoundProduct]


def search_products(terms: SearchTerms) -> FoundPage:
    """Return one page of products for sale, the most relevant first, with counts by category."""
    key = list_key("search", terms.q, terms.category or "")
    place = _place(terms.cursor, key) if terms.cursor else Place(1, [])
    found = engine().reader.search(_request(terms, place))
    position = max(1, place.position - terms.limit) if place.is_backward else place.position
    end = found.end
    following = Place(position + len(found.products), [end.tier, end.key, end.rank]) if end else None
    return FoundPage(
        items=found.products,
        next_cursor=encode_cursor(key, following) if following else None,
        previous_cursor=encode_cursor(key, Place(position, [0, "", 0], is_backward=True)) if position > 1 else None,
        position=position,
        total=found.total,
        facets=Facets(found.categories),
    )


def _request(terms: SearchTerms, place: Place) -> SearchRequest:
    """Return what the engine is asked for: the page after a product, or the one so many products before `place`."""
    category = terms.category or None
    if place.is_backward:
        return SearchRequest(terms.q, terms.limit, category, skipped=max(0, place.position - 1 - terms.limit))
    return SearchRequest(terms.q, terms.limit, category, PagePosition(*place.values) if place.values else None)


def suggest_products(terms: SuggestTerms) -> Suggestions:
    """Return up to eight products; none for a blank text."""
    if not terms.q.strip():
        return Suggestions([])
    return Suggestions(engine().reader.search(SearchRequest(terms.q, SUGGESTIONS)).products)


def apply_changes(events: Sequence[ProductChanged]) -> None:
    """Write the changed products to the index, in one commit; stale changes are skipped."""
    changed = [_indexed(event) for event in events]
    log.info("products_indexed", received=len(changed), written=engine().writer.upsert(changed))


def _indexed(event: ProductChanged) -> IndexedProduct:
    return msgspec.convert({**msgspec.to_builtins(event.product), "version": event.version}, IndexedProduct)


def keep_index_current(beat: Callable[[], None]) -> None:
    """Build the index from products if there is none of our schema or a rebuild is requested; else do nothing."""
    mark = RebuildRequest.current_mark()
    writer = engine().writer
    if not writer.is_current(mark):
        log.info("index_rebuild_started", mark=mark)
        log.info("index_rebuilt", products=writer.rebuild(_product_pages(), mark, beat=beat))


def request_rebuild() -> str:
    """Let the worker build a new index between two batches; return the mark that index will carry."""
    mark = RebuildRequest.renew()
    log.info("index_rebuild_requested", mark=mark)
    return mark


def _product_pages() -> Iterator[list[IndexedProduct]]:
    cursor: str | None = None
    while True:
        page = products().product_page(cursor)
        yield page.items
        cursor = page.next_cursor
        if cursor is None:
            return


def _place(cursor: str, key: str) -> Place:
    place = decode_cursor(cursor, key, kinds=[int, str, int])
    if place.values[0] < 0:
        raise CursorInvalid(errors=[FieldError("/cursor", "Take next_cursor from the page before.")])
    return place
