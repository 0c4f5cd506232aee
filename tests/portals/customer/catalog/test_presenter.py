"""Price steps of a product."""

from __future__ import annotations

from typing import Any

import msgspec

from portals.customer.catalog.client import Product
from portals.customer.catalog.presenter import price_ladder
from tests.portals.fake_shapes import make_product, price


def product_with(price_breaks: list[Any]) -> Product:
    return msgspec.convert(make_product("A") | {"price_breaks": price_breaks}, Product)


class TestPriceLadder:
    def test_a_single_price_is_one_step(self):
        ladder = price_ladder(product_with([]))

        assert [step.label for step in ladder] == ["1+"]

    def test_a_break_at_two_leaves_a_step_of_one(self):
        breaks = [{"min_quantity": 2, "unit_price": price(100)}]

        ladder = price_ladder(product_with(breaks))

        assert [step.label for step in ladder] == ["1", "2+"]
