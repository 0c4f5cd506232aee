"""What the search service can do, one function per verb."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from services.search.clients import products
from services.search.documents import RebuildWish
from services.search.engine import Place, Question, engine
from shared.base.errors import FieldError
from shared.data.pagination import CursorInvalid, decode_cursor, encode_cursor
from shared.events.catalog.products import ProductChanged
from shared.observe.observability import get_logger

log = get_logger()

SUGGESTIONS = 8


def search_products(*, q: str, category: str | None, cursor: str | None, limit: int) -> dict[str, Any]:
    """Return one page of products for sale, the most relevant first, with counts by category."""
    question = Question(text=q, category=category or None, limit=limit, after=_place(cursor) if cursor else None)
    found = engine().reader.search(question)
    end = found.end
    return {
        "items": found.products,
        "next_cursor": encode_cursor([end.tier, end.key, end.rank]) if end else None,
        "total": found.total,
        "facets": {"category": [{"value": value, "count": count} for value, count in found.categories]},
    }


def suggest_products(*, q: str) -> dict[str, Any]:
    """Return up to eight products for what somebody is typing; nothing for nothing."""
    if not q.strip():
        return {"items": []}
    return {"items": engine().reader.search(Question(text=q, limit=SUGGESTIONS)).products}


def apply_changes(events: Sequence[ProductChanged]) -> None:
    """Take over what products told, in one commit; what the index knows newer stays."""
    states = [{**msgspec.to_builtins(event.product), "sku": event.sku, "version": event.version} for event in events]
    log.info("products_indexed", told=len(states), written=engine().writer.upsert(states))


def keep_index_current(beat: Callable[[], None]) -> None:
    """Build the index from products if there is none of our schema or a new one is wished for; else do nothing."""
    mark = RebuildWish.current_mark()
    writer = engine().writer
    if not writer.is_current(mark):
        log.info("index_rebuild_started", mark=mark)
        log.info("index_rebuilt", products=writer.rebuild(_product_pages(), mark, beat=beat))


def wish_rebuild() -> str:
    """Have the worker build a new index between two batches; return the mark that index will carry."""
    mark = RebuildWish.renew()
    log.info("index_rebuild_wished", mark=mark)
    return mark


def _product_pages() -> Iterator[list[dict[str, Any]]]:
    cursor: str | None = None
    while True:
        page = products().product_page(cursor)
        yield page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return


def _place(cursor: str) -> Place:
    tier, key, rank = decode_cursor(cursor, kinds=[int, str, int])
    if tier < 0:
        raise CursorInvalid(errors=[FieldError("/cursor", "Take next_cursor from the page before.")])
    return Place(tier, key, rank)
