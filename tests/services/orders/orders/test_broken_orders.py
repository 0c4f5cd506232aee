"""One stored order that cannot be read takes no list and no sweep with it."""

from __future__ import annotations

import pytest

from services.orders.orders.documents import Order
from tests.factories.orders import announced, make_order, make_shipped_order

BROKEN = (
    {"line_items": "none"},
    {"line_items": [{"sku": "A"}]},
    {"line_items.0.unit_amount": "abc"},
    {"shipments": {"shp_1": 1}},
    {"returns": [1]},
    {"failures": "x"},
    {"remainder": [1]},
    {"status": "teleported"},
    {"total_amount": "2500"},
    {"created_at": "yesterday"},
    {"needs_attention": "maybe"},
)


@pytest.mark.parametrize("change", BROKEN, ids=str)
class TestBrokenOrder:
    def test_is_left_out_of_the_list(self, buyer, change):
        first, broken, last = make_order(), make_order(), make_order()
        Order.collection().update_one({"_id": broken.id}, {"$set": change})

        answer = buyer.get("/v1/orders")

        assert answer.status_code == 200
        assert [each["id"] for each in answer.json["items"]] == [last.id, first.id]

    def test_stops_no_sweep(self, change, sweep):
        broken, other = make_shipped_order(is_captured=False), make_shipped_order(is_captured=False)
        Order.collection().update_one({"_id": broken.id}, {"$set": change})

        sweep(after=61)

        assert announced(other) == ["order_shipped"] * 2
