"""Setting on hand in bulk: what changed, and what is refused."""

from __future__ import annotations

from typing import Any

from services.products.counts.documents import set_many
from services.products.stock.documents import Stock
from tests.factories.products import level_of, make_product, reserve


class TestSetMany:
    def test_returns_the_skus_that_changed_and_those_refused(self, products_app: Any) -> None:
        for sku in ("SAME", "LESS", "HELD", "GONE"):
            make_product(sku, stock=10)
        reserve("ord_1", {"HELD": 4})

        changed, refused = set_many({"SAME": 10, "LESS": 7, "HELD": 3, "GONE": None, "NEW": 5, "NONE": None})

        assert changed == {"LESS", "GONE", "NEW"}
        assert refused == {"HELD": "Stock cannot be set below the 4 units that orders reserve."}
        assert (level_of("LESS"), level_of("HELD"), level_of("NEW")) == ((7, 0, 7), (10, 4, 6), (5, 0, 5))
        assert Stock.level("GONE") is None

    def test_writes_nothing_for_no_sku(self, products_app: Any) -> None:
        assert set_many({}) == (set(), {})
