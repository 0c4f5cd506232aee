"""What the API shows of an order, from the document and from a read of the store."""

from __future__ import annotations

import pytest

from services.orders.orders.documents import Order, OrderRecord
from services.orders.orders.schemas import OrderSchema, order_view
from shared.data.struct_fields import stored_as
from shared.web.tokens import Principal
from tests.factories.orders import make_order, make_shipped_order

STORED = {
    "_id": "ord_1",
    "number": "SO-000001",
    "company_id": "cmp_acme",
    "placed_by": "usr_one",
    "ordered_on": "2026-01-05",
    "status": "confirmed",
    "currency": "GBP",
    "total_amount": 5,
    "line_items": [
        {"line_id": "1", "sku": "BOLT", "name": "Bolt", "quantity": 2, "unit_amount": "2.5", "total_amount": 5}
    ],
    "created_at": "2026-01-05T00:00:00Z",
    "updated_at": "2026-01-05T00:00:00Z",
}

READER = Principal("usr_one", "cmp_acme", frozenset({"orders:read"}))


class TestOrderView:
    def test_shows_nothing_shipped_or_paid_of_a_new_order(self):
        view = order_view(stored_as(OrderRecord, STORED), READER)

        assert (view.captured_total.amount, view.refunded_total.amount) == (0, 0)
        assert (view.line_items[0].shipped_quantity, view.shipments, view.returns) == (0, [], [])

    @pytest.mark.parametrize("make", [make_order, make_shipped_order])
    @pytest.mark.usefixtures("app")
    def test_is_the_same_of_a_document_and_of_its_stored_form(self, make):
        order = Order.get(make(reference="PO-7").id)
        record = stored_as(OrderRecord, Order.get_fields(order.id, {}))

        assert OrderSchema().dump(order_view(order, READER)) == OrderSchema().dump(order_view(record, READER))


@pytest.mark.usefixtures("app")
class TestAllowedActions:
    def test_offers_a_return_once_something_is_shipped(self, buyer, staff):
        confirmed, shipped = make_order(), make_shipped_order()
        assert buyer.get(f"/v1/orders/{confirmed.id}").json["allowed_actions"] == ["cancel", "ship"]
        assert buyer.get(f"/v1/orders/{shipped.id}").json["allowed_actions"] == ["return"]

        body = {"line_items": [{"line_id": "1", "quantity": 10}]}
        returned = staff.post(f"/v1/orders/{shipped.id}/returns", json=body)

        assert returned.json["allowed_actions"] == []

    def test_offers_a_return_of_what_a_part_left(self, staff):
        order = make_order()
        body = {"line_items": [{"line_id": "1", "quantity": 4}]}

        shipped = staff.post(f"/v1/orders/{order.id}/shipments", json=body)

        assert shipped.json["allowed_actions"] == ["ship", "cancel_remainder", "return"]

    @pytest.mark.parametrize("status", ["placed", "pending_payment", "confirmed"])
    def test_offers_to_cancel_what_can_be_cancelled(self, buyer, status):
        order = make_order(status=status)
        assert "cancel" in buyer.get(f"/v1/orders/{order.id}").json["allowed_actions"]

        cancelled = buyer.post(f"/v1/orders/{order.id}/cancellation", json={"reason": "typo"})

        assert cancelled.json["allowed_actions"] == []
