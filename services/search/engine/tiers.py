"""Relevance as tiers: what a product must match to be listed before another; built from terms, never parsed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tantivy import Occur, Query

from services.search import rules
from services.search.engine.layout import schema


@dataclass(frozen=True)
class Tiers:
    """
    Queries from the most relevant to the least; `strict` ones want every word, `loose` ones fewer and fewer.

    Products of one tier are listed by the field `order`.
    """

    strict: list[Any]
    loose: list[Any]
    order: str = "sku"


def tiers_of(text: str) -> Tiers:
    """Return the tiers of a query; without any text one tier of everything by name."""
    if not text.strip():
        return Tiers([Query.all_query()], [], order="name_key")
    words = rules.asked_words(text)
    strict = _sku_tiers(text)
    if words:
        strict += _word_tiers(words)
    return Tiers(
        strict, [_any_of([_misspelt(word) for word in words], least) for least in range(len(words) - 1, 0, -1)]
    )


def for_sale(query: Any, category: str | None = None, *, but: Sequence[Any] = ()) -> Any:
    """Return `query` within what may be found, in a category if one is given, without what `but` matches."""
    clauses = [(Occur.Must, query), (Occur.Must, Query.term_query(schema(), "is_active", True))]
    if category:
        clauses.append((Occur.Must, Query.term_query(schema(), "category", category)))
    return Query.boolean_query([*clauses, *((Occur.MustNot, each) for each in but)])


def any_tier(tiers: Sequence[Any]) -> Any:
    return _any_of(tiers, 1) if tiers else Query.empty_query()


def _sku_tiers(text: str) -> list[Any]:
    sku = rules.sku_of(text)
    if sku is None:
        return []
    return [Query.term_query(schema(), "sku", sku), _beginning("sku", sku)]


def _word_tiers(words: list[str]) -> list[Any]:
    phrase = [Query.phrase_query(schema(), "name", words)] if len(words) > 1 else []
    return [
        *phrase,
        _all_of([Query.term_query(schema(), "name", word) for word in words]),
        _all_of([_beginning("name", word) for word in words]),
        _all_of([_beginning("text", word) for word in words]),
        _all_of([_misspelt(word) for word in words]),
    ]


def _beginning(field: str, text: str) -> Any:
    return Query.fuzzy_term_query(schema(), field, text, distance=0, prefix=True)


def _misspelt(word: str) -> Any:
    """Return what matches a word, its longer forms and, for one long enough, those with one typo."""
    if not rules.allows_typo(word):
        return _beginning("text", word)
    return _any_of([_beginning("text", word), Query.fuzzy_term_query(schema(), "text", word, distance=1)], 1)


def _all_of(queries: Sequence[Any]) -> Any:
    return Query.boolean_query([(Occur.Must, each) for each in queries])


def _any_of(queries: Sequence[Any], least: int) -> Any:
    return Query.boolean_query([(Occur.Should, each) for each in queries], minimum_number_should_match=least)
