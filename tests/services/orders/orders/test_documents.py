"""Stored orders: those of earlier versions are read, changed and written again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from services.orders.orders.documents import Order
from services.orders.orders.rules import OrderLine, Refund
from tests.factories.orders import announced

MOMENT = datetime(2026, 1, 5, 12, tzinfo=UTC)
# What the version before typed lines wrote, with every field set and the amounts as 64-bit numbers.
STORED: dict[str, Any] = {
    "_id": "ord_old",
    "version": 4,
    "commit_id": "com_1",
    "created_at": MOMENT,
    "updated_at": MOMENT,
    "outbox": [],
    "number": "SO-000001",
    "company_id": "cmp_acme",
    "placed_by": "usr_one",
    "ordered_on": "2026-01-05",
    "status": "shipped",
    "currency": "GBP",
    "total_amount": 5_000_000_000,
    "line_items": [
        {
            "line_id": "1",
            "sku": "BOLT",
            "name": "Bolt",
            "quantity": 2,
            "unit_amount": "2500000000",
            "total_amount": 5_000_000_000,
        }
    ],
    "payment_id": "pay_1",
    "idempotency_key": "key_1",
    "shipments": [
        {
            "id": "shp_1",
            "reference": None,
            "idempotency_key": "key_2",
            "line_items": [{"line_id": "1", "quantity": 2, "amount": 5_000_000_000}],
            "amount": 5_000_000_000,
            "captured_amount": 5_000_000_000,
            "shipped_at": MOMENT,
        }
    ],
    "returns": [
        {
            "id": "ret_1",
            "reference": "R-1",
            "idempotency_key": "key_3",
            "returned_on": "2026-01-06",
            "line_items": [{"line_id": "1", "quantity": 1, "refund_amount": 2_500_000_000}],
            "amount": 2_500_000_000,
            "refunded_amount": None,
            "created_at": MOMENT,
        }
    ],
    "refunds": [{"id": "txn_1", "amount": 7}],
    "due_at": MOMENT,
    "attempts": 2,
}


@pytest.mark.usefixtures("app")
class TestStoredOrder:
    @pytest.fixture(autouse=True)
    def _stored(self, app):
        Order.collection().insert_one(dict(STORED))

    def test_is_read_with_its_values_typed(self):
        order = Order.get("ord_old")

        expected = OrderLine("BOLT", 2, line_id="1", name="Bolt", unit_amount="2500000000", total_amount=5_000_000_000)
        assert order.line_items == [expected]
        assert order.refunds == [Refund("txn_1", 7)]
        assert (order.shortages, order.next_sweep_at) == ([], MOMENT)

    def test_is_shown_by_the_api(self, buyer):
        view = buyer.get("/v1/orders/ord_old").json

        assert (view["captured_total"]["amount"], view["refunded_total"]["amount"]) == (5_000_000_000, 7)
        assert view["allowed_actions"] == ["return"]

    def test_is_written_back_as_it_was_but_for_what_changed(self):
        order = Order.get("ord_old")
        order.schedule_sweep_in(60)
        order.commit()

        stored = Order.collection().find_one({"_id": "ord_old"})
        changed = {"version", "commit_id", "updated_at", "due_at"}
        assert stored is not None
        assert {name for name in STORED if stored.get(name) != STORED[name]} <= changed | {"outbox"}

    def test_is_published_again_by_the_sweeper(self, sweep):
        sweep()

        assert announced(Order.get("ord_old")) == ["order_returned"]
