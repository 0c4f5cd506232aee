"""Relevance as tiers: what a product must match to be listed before another; built from terms, never parsed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tantivy import Occur, Query

from services.search import rules
from services.search.engine.layout import schema


@dataclass(frozen=True)
class Tier:
    """What matches `query` and nothing of `but`, the widest queries before it."""

    query: Any
    but: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Tiers:
    """
    Tiers from the most relevant to the least; `strict` ones want every word, `loose` ones fewer and fewer.

    `all_strict` and `all_loose` match what any tier so far matches. Products of one tier are listed by `order`.
    """

    strict: list[Tier]
    loose: list[Tier]
    all_strict: Any
    all_loose: Any
    order: str = "sku"


def tiers_of(text: str) -> Tiers:
    """Return the tiers of a query; without any text one tier of everything by name."""
    if not text.strip():
        return Tiers([Tier(Query.all_query())], [], Query.all_query(), Query.all_query(), order="name_key")
    words = rules.query_words(text)
    codes = _sku_queries(text)
    strict = _word_queries(words) if words else []
    loose = [_any_of([_with_typo(word) for word in words], least) for least in range(len(words) - 1, 0, -1)]
    worded = _widening([*strict, *loose], but=codes[-1:])
    return Tiers(
        strict=[*_widening(codes), *worded[: len(strict)]],
        loose=worded[len(strict) :],
        all_strict=_either([*codes[-1:], *strict[-1:]]),
        all_loose=_either([*codes[-1:], *loose[-1:]]),
    )


def _widening(queries: list[Any], but: Sequence[Any] = ()) -> list[Tier]:
    """Return a tier per query; each query matches all that the one before it does, so that one alone is left out."""
    return [Tier(query, (*but, *queries[max(0, i - 1) : i])) for i, query in enumerate(queries)]


def for_sale(query: Any, category: str | None = None, *, but: Sequence[Any] = ()) -> Any:
    """Return `query` within what may be found, in a category if one is given, without what `but` matches."""
    clauses = [(Occur.Must, query), (Occur.Must, Query.term_query(schema(), "is_active", True))]
    if category:
        clauses.append((Occur.Must, Query.term_query(schema(), "category", category)))
    return Query.boolean_query([*clauses, *((Occur.MustNot, each) for each in but)])


def _either(queries: Sequence[Any]) -> Any:
    return _any_of(queries, 1) if queries else Query.empty_query()


def _sku_queries(text: str) -> list[Any]:
    sku = rules.sku_of(text)
    if sku is None:
        return []
    return [Query.term_query(schema(), "sku", sku), _beginning("sku", sku)]


def _word_queries(words: list[str]) -> list[Any]:
    phrase = [Query.phrase_query(schema(), "name", words)] if len(words) > 1 else []
    return [
        *phrase,
        _all_of([Query.term_query(schema(), "name", word) for word in words]),
        _all_of([_beginning("name", word) for word in words]),
        _all_of([_beginning("text", word) for word in words]),
        _all_of([_with_typo(word) for word in words]),
    ]


def _beginning(field: str, text: str) -> Any:
    return Query.fuzzy_term_query(schema(), field, text, distance=0, prefix=True)


def _with_typo(word: str) -> Any:
    """Return the query of a word, of words that begin with it and, for a long enough word, of those with one typo."""
    if not rules.allows_typo(word):
        return _beginning("text", word)
    return _any_of([_beginning("text", word), Query.fuzzy_term_query(schema(), "text", word, distance=1)], 1)


def _all_of(queries: Sequence[Any]) -> Any:
    return Query.boolean_query([(Occur.Must, each) for each in queries])


def _any_of(queries: Sequence[Any], least: int) -> Any:
    return Query.boolean_query([(Occur.Should, each) for each in queries], minimum_number_should_match=least)
