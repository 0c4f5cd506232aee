"""Levels of stock, also of documents of older versions."""

from __future__ import annotations

from typing import Any

from services.products.stock.documents import Stock, stock_id
from services.products.stock.rules import StockLevel


class TestLevels:
    def test_are_read_from_documents_without_reservations(self, products_app: Any) -> None:
        Stock.collection().insert_one({"_id": stock_id("A"), "sku": "A", "on_hand": 5, "available": 5})

        assert Stock.levels(["A", "NONE"]) == {"A": StockLevel("A", on_hand=5, available=5, reserved=0)}
        assert Stock.put_back("ord_1", ["A"]) == 0
