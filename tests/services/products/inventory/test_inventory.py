"""Inventory over HTTP: units on hand, not stocked, never below the reserved quantity."""

from __future__ import annotations

from typing import Any

import pytest

from services.products.counts.documents import on_hand_update
from services.products.inventory.operations import set_inventory
from services.products.reservations.operations import release_stock
from services.products.stock.documents import Stock
from tests.factories.products import SKU, level_of, make_product, reserve

PATH = f"/v1/inventory/{SKU}"


class TestInventory:
    def test_of_a_new_product_is_not_stocked(self, buyer: Any) -> None:
        make_product()

        assert buyer.get(PATH).json == {
            "sku": SKU,
            "is_stocked": False,
            "on_hand": None,
            "reserved": 0,
            "available": None,
            "updated_at": None,
        }

    def test_is_set_to_the_counted_units(self, merchant: Any) -> None:
        make_product()

        first = merchant.put(PATH, json={"on_hand": 10})
        second = merchant.put(PATH, json={"on_hand": 7})

        shown = {"sku": SKU, "is_stocked": True, "on_hand": 10, "reserved": 0, "available": 10}
        assert first.json == {**shown, "updated_at": first.json["updated_at"]}
        assert second.json["updated_at"] >= first.json["updated_at"]
        assert second.json["available"] == 7

    def test_keeps_the_reserved_units(self, merchant: Any) -> None:
        make_product(stock=10)
        reserve("ord_1", {SKU: 4})

        assert merchant.put(PATH, json={"on_hand": 4}).json["available"] == 0
        refused = merchant.put(PATH, json={"on_hand": 3})

        assert (refused.status_code, refused.json["type"]) == (409, "/problems/stock-below-reserved")
        assert refused.json["reserved"] == 4
        assert level_of() == (4, 4, 0)

    def test_ends_only_when_no_order_holds_any(self, merchant: Any) -> None:
        make_product(stock=10)
        reserve("ord_1", {SKU: 4})

        assert merchant.put(PATH, json={"on_hand": None}).status_code == 409
        release_stock("ord_1")
        ended = merchant.put(PATH, json={"on_hand": None})

        assert (ended.status_code, ended.json["is_stocked"]) == (200, False)

    @pytest.mark.parametrize("reserved", [True, False])
    def test_is_not_written_from_a_stale_level(self, products_app: Any, reserved: bool) -> None:
        make_product(stock=10)
        seen = Stock.levels([SKU])[SKU]
        if reserved:
            reserve("ord_1", {SKU: 8})
        else:
            set_inventory(SKU, 20)

        written = Stock.collection().bulk_write([on_hand_update(SKU, 5, seen)])

        assert written.matched_count == 0
        assert level_of() == ((10, 8, 2) if reserved else (20, 0, 20))

    @pytest.mark.parametrize("on_hand", [-1, 1.5, "7", True, {"$gt": 0}, 10**10])
    def test_is_a_whole_number_of_units(self, merchant: Any, on_hand: Any) -> None:
        make_product()

        assert merchant.put(PATH, json={"on_hand": on_hand}).status_code == 422

    def test_belongs_to_a_product(self, merchant: Any, buyer: Any) -> None:
        assert merchant.put("/v1/inventory/NONE", json={"on_hand": 1}).status_code == 404
        assert buyer.put(PATH, json={"on_hand": 1}).status_code == 403
