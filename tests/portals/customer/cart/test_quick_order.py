"""Pasted lines of a quick order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portals.customer.cart.client import SkuQuantity
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
            ("BOLT-M8,120", "BOLT-M8", 120),
            ("BOLT-M8,1,200", "BOLT-M8", 1200),
            ("BOLT-M8 1,200", "BOLT-M8", 1200),
            ("BOLT-M8,12,Hex bolt, M8", "BOLT-M8", 12),
            ("BOLT-M8,12,,", "BOLT-M8", 12),
            ("BOLT-M8,", "BOLT-M8", 1),
            ("BOLT-M8\t12\tHex bolt", "BOLT-M8", 12),
            ("AB 1E3 2", "AB 1E3", 2),
            ('"JN-3",3', "JN-3", 3),
            ('"JN-3"', "JN-3", 1),
            ('"JN-3";"3"', "JN-3", 3),
            ('"JN-3"\t3\tHex bolt', "JN-3", 3),
            ('"JN-3","1,200","Hex bolt, M8"', "JN-3", 1200),
            ('"JN-3",1,200', "JN-3", 1200),
            ('JN-3,"1,200"', "JN-3", 1200),
            ('JN-3;"3"', "JN-3", 3),
        ],
    )
    def test_reads_what_people_paste(self, text: str, sku: str, quantity: int):
        assert [entry.line for entry in parse_quick_order(text)] == [SkuQuantity(sku, quantity)]

    @pytest.mark.parametrize(
        "text",
        [
            "BOLT-M8\tlots",
            "BOLT-M8 0",
            "BOLT-M8 -3",
            "BOLT-M8;1.5",
            "BOLT-M8 1,5",
            "BOLT-M8;1,5",
            "BOLT-M8,1,5",
            "BOLT-M8\t1,5",
            "BOLT-M8, 1,5",
            "BOLT-M8 1e3",
            "BOLT-M8,1e3",
            "BOLT-M8 1_000",
            "BOLT-M8 +5",
            "BOLT-M8 \uff15",
            "BOLT-M8 1,2,3",
            "BOLT-M8 5.",
            "BOLT-M8 ,5",
            "BOLT-M8;1 2",
            "BOLT-M8,12 5",
            "BOLT-M8 1\u00a0200",
            ";",
            "BOLT-M8 -0",
            '"BOLT-M8",1,5',
            '"BOLT-M8",lots',
            '"",3',
        ],
    )
    def test_names_the_lines_it_cannot_read(self, text: str):
        known, unread = parse_quick_order(f"NUT-M8 1\n{text}\n\n")

        assert known.line == SkuQuantity("NUT-M8", 1)
        assert (unread.line, unread.text) == (None, text)

    @given(st.text(max_size=200))
    def test_survives_any_text(self, text: str):
        for entry in parse_quick_order(text):
            assert entry.line is None or (entry.line.sku and 1 <= entry.line.quantity <= 1_000_000)
