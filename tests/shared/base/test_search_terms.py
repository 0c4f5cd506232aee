"""What a text is found by, and what is asked for."""

from __future__ import annotations

import pytest

from shared.base.search_terms import LONGEST_TERM, query_words, terms_of


class TestTerms:
    @pytest.mark.parametrize(
        ("text", "terms"),
        [
            ("SO-000123", ["so-000123", "000123", "123"]),
            ("PO-2026/0042", ["po-2026/0042", "2026/0042", "0042", "42"]),
            ("Müller & Söhne", ["muller", "&", "sohne"]),
            ("STRASSE straße", ["strasse", "strasse"]),
            ("-_-", ["-_-"]),
            ("", []),
        ],
    )
    def test_are_words_and_the_ends_of_words(self, text, terms):
        assert list(terms_of(text)) == terms

    def test_are_few_and_short(self):
        terms = list(terms_of("-".join("a" * 90 for _ in range(50))))

        assert len(terms) == 9
        assert {len(term) for term in terms} == {LONGEST_TERM}


class TestQuery:
    def test_has_each_word_once_and_at_most_eight(self):
        assert query_words(" Acme  ACME ácme so-1 ") == ["acme", "so-1"]
        assert len(query_words("a b c d e f g h i j")) == 8
