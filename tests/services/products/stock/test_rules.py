"""Which SKUs are short, and how holds are stored."""

from __future__ import annotations

from services.products.stock.rules import Shortage, SkuQuantity, StockHold, StockView, quantities_of, shortages
from shared.data.struct_fields import stored_as, to_stored


class TestShortages:
    def test_are_the_stocked_skus_that_are_not_held_in_full(self) -> None:
        stock = {"A": StockView(available=0, held=4), "B": StockView(available=1, held=0)}

        assert shortages({"A": 4, "B": 2, "FEE": 9}, stock) == [Shortage("B", requested=2, available=1)]


class TestStockHold:
    def test_is_stored_under_the_names_of_the_first_version(self) -> None:
        hold = StockHold("ord_1", "try_1", 4)

        assert to_stored(hold) == {"id": "ord_1", "token": "try_1", "quantity": 4, "shipments": []}
        assert stored_as(StockHold, to_stored(hold)) == hold


def test_quantities_are_by_sku() -> None:
    assert quantities_of([SkuQuantity("A", 1), SkuQuantity("B", 2)]) == {"A": 1, "B": 2}
