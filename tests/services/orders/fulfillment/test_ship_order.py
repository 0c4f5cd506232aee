"""POST /v1/orders/{id}/shipments: all or parts, each once."""

from __future__ import annotations

import pytest

from services.orders.orders.documents import Order
from services.orders.orders.rules import OrderStatus
from tests.factories.orders import announced, make_line, make_order, make_shipped_order


@pytest.fixture
def ship(app, staff):
    def send(order, *lines, **changes):
        body = {"line_items": [{"line_id": each, "quantity": n} for each, n in lines]} if lines else {}
        headers = changes.pop("headers", None)
        client = changes.pop("client", staff)
        return client.post(f"/v1/orders/{order.id}/shipments", json=body | changes, headers=headers)

    return send


def last_event(order):
    return Order.get(order.id).outbox[-1]["fields"]


class TestShipOrder:
    def test_ships_all_that_is_left_and_publishes_it(self, ship):
        order = make_order(line_items=[make_line(1), make_line(2, sku="NUT.4/A", quantity=3), make_line(3)])

        response = ship(order, reference="S-1")

        assert response.status_code == 201
        assert response.json["status"] == "shipped"
        shipment = response.json["shipments"][0]
        assert shipment["reference"] == "S-1"
        assert shipment["total"] == {"amount": 5750, "currency": "GBP"}
        assert shipment["captured_total"]["amount"] == 0
        assert shipment["line_items"][1] == {"line_id": "2", "quantity": 3}
        assert [line["shipped_quantity"] for line in response.json["line_items"]] == [10, 3, 10]
        assert announced(order) == ["order_shipped"]
        event = last_event(order)
        assert event["quantities"] == [
            {"sku": "BOLT", "quantity": 20, "name": "Bolt"},
            {"sku": "NUT.4/A", "quantity": 3, "name": "Bolt"},
        ]
        assert (event["amount"], event["is_complete"], event["payment_id"]) == (5750, True, "pay_1")
        assert event["shipment_id"] == shipment["id"]

    def test_ships_parts_whose_shares_add_up(self, ship):
        order = make_order(line_items=[make_line(quantity=3, total_amount=100)])

        amounts = [ship(order, ("1", 1)).json["shipments"][-1]["total"]["amount"] for _ in range(3)]

        assert amounts == [33, 34, 33]
        assert order.reload().status == OrderStatus.SHIPPED

    def test_is_partially_shipped_in_between(self, ship):
        order = make_order()

        response = ship(order, ("1", 4))

        assert response.json["status"] == "partially_shipped"
        assert last_event(order)["is_complete"] is False
        assert ship(order).json["shipments"][1]["line_items"] == [{"line_id": "1", "quantity": 6}]

    def test_awaits_no_capture_of_what_is_free(self, ship):
        order = make_order(line_items=[make_line(unit_amount="0")], payment_id=None)

        ship(order)

        assert order.reload().next_sweep_at is None
        assert announced(order) == ["order_shipped"]

    def test_returns_the_shipment_of_a_repeated_reference(self, ship):
        order = make_order()
        first = ship(order, ("1", 4), reference="S-1")
        repeat = ship(order, ("1", 4), reference="S-1")

        assert (first.status_code, repeat.status_code) == (201, 200)
        assert repeat.json["shipments"] == first.json["shipments"]

    def test_replays_a_repeated_key(self, ship):
        order, key = make_order(), {"Idempotency-Key": "one"}
        ship(order, ("1", 4), headers=key)

        again = ship(order, ("1", 4), headers=key)

        assert again.headers["Idempotent-Replayed"] == "true"
        assert len(order.reload().shipments) == 1

    def test_refuses_more_than_is_left_and_what_is_not_there(self, ship):
        order = make_order(line_items=[make_line(1), make_line(2)])

        response = ship(order, ("1", 11), ("9", 1), ("2", 1), ("2", 1))

        assert response.status_code == 422
        assert [error["pointer"] for error in response.json["errors"]] == [
            "/line_items/0/quantity",
            "/line_items/1/line_id",
            "/line_items/3/line_id",
        ]

    def test_refuses_when_nothing_is_left(self, ship):
        response = ship(make_shipped_order())

        assert response.status_code == 409
        assert response.json["type"] == "/problems/order-not-shippable"

    @pytest.mark.parametrize("status", ["placed", "pending_payment", "cancelled", "refused"])
    def test_refuses_what_is_not_confirmed(self, ship, status):
        assert ship(make_order(status=status)).status_code == 409

    def test_is_for_staff(self, ship, buyer):
        assert ship(make_order(), client=buyer).status_code == 403
