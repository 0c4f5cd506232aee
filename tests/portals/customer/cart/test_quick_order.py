"""Pasted lines of a quick order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portals.customer.cart.forms import parse_quick_order


class TestQuickOrder:
    @pytest.mark.parametrize(
        ("text", "sku", "quantity"),
        [
            ("BOLT-M8 12", "BOLT-M8", 12),
            ("bolt-m8\t12", "BOLT-M8", 12),
            ("BOLT-M8;12", "BOLT-M8", 12),
            ("BOLT-M8, 12", "BOLT-M8", 12),
            ("BOLT-M8\t1,200", "BOLT-M8", 1200),
            ("BOLT-M8", "BOLT-M8", 1),
            ("AB C 1.0 7", "AB C 1.0", 7),
            ("  85123A   6  ", "85123A", 6),
        ],
    )
    def test_reads_what_people_paste(self, text: str, sku: str, quantity: int):
        lines, unread = parse_quick_order(text)

        assert [(line.sku, line.quantity) for line in lines] == [(sku, quantity)]
        assert unread == []

    @pytest.mark.parametrize("text", ["BOLT-M8\tlots", "BOLT-M8 0", "BOLT-M8 -3", "BOLT-M8;1.5"])
    def test_names_the_lines_it_cannot_read(self, text: str):
        lines, unread = parse_quick_order(f"NUT-M8 1\n{text}\n\n")

        assert len(lines) == 1
        assert [line.text for line in unread] == [text]

    @given(st.text(max_size=200))
    def test_survives_any_text(self, text: str):
        lines, _ = parse_quick_order(text)

        assert all(line.sku and 1 <= line.quantity <= 1_000_000 for line in lines)
