"""One line per product, and the limits of a cart."""

from __future__ import annotations

import pytest

from services.orders.carts.rules import CartLine, merged_lines
from shared.base.errors import InvalidInput


class TestMergedLines:
    def test_has_one_line_per_product(self):
        lines = [CartLine(sku, 2) for sku in ("B", "A", "B")]

        assert merged_lines(lines) == [CartLine("B", 4), CartLine("A", 2)]

    def test_holds_two_thousand_products(self):
        with pytest.raises(InvalidInput):
            merged_lines([CartLine(str(number), 1) for number in range(2001)])
