"""Lines of the cart that cannot be delivered, and what identifies a reviewed cart."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from portals.customer.cart.client import Cart
from portals.customer.cart.presenter import fingerprint, shown_lines, within_stock
from tests.portals.fake_shapes import gbp, price


class TestCartLines:
    def cart(self, **line: Any) -> Cart:
        defaults = {"sku": "A", "name": "A", "quantity": 9, "is_available": True, "available": 9}
        prices = {"unit_price": price(1), "total": gbp(9)}
        return msgspec.convert({"line_items": [defaults | prices | line], "total": gbp(9)}, Cart)

    @pytest.mark.parametrize(
        ("line", "warning", "kept"),
        [
            ({}, "", 9),
            ({"is_available": False, "available": 4}, "Only 4 available", 4),
            ({"is_available": False, "available": 0}, "Out of stock", 0),
            ({"is_available": False, "available": None}, "No longer sold", 0),
            ({"is_available": False, "available": 10}, "No longer sold", 0),
            ({"is_available": False, "available": 10, "problem": "Not sold any more."}, "Not sold any more.", 0),
            ({"is_available": False, "available": 4, "problem": "Not sold any more."}, "Not sold any more.", 4),
            ({"problem": "Its price is in EUR."}, "Its price is in EUR.", 9),
            ({"available": None}, "", 9),
        ],
    )
    def test_warns_and_lowers(self, line: dict[str, Any], warning: str, kept: int):
        cart = self.cart(**line)

        assert shown_lines(cart)[0].warning == warning
        assert sum(line.quantity for line in within_stock(cart)) == kept

    def test_fingerprint_changes_with_quantity_and_price(self):
        prints = {fingerprint(self.cart(**change)) for change in ({}, {"quantity": 8}, {"total": gbp(8)})}

        assert len(prints) == 3
