"""POST /v1/orders/{id}/returns: what comes back, and how much money goes back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.orders.fulfillment.documents import record_capture, record_refund, record_shipment
from services.orders.fulfillment.rules import LineToShip
from services.orders.orders.documents import Order
from tests.factories.orders import (
    SETTLE_WITHIN,
    announced,
    make_line,
    make_order,
    make_shipment,
    make_shipped_order,
)


def gbp(amount):
    return {"amount": amount, "currency": "GBP"}


@pytest.fixture
def give_back(staff):
    def send(order, *lines, client=staff, **changes):
        names = ("line_id", "quantity", "refund_amount")
        body = {"line_items": [dict(zip(names, line, strict=False)) for line in lines]} | changes
        return client.post(f"/v1/orders/{order.id}/returns", json=body)

    return send


class TestReturnItems:
    def test_takes_units_back_and_publishes_the_refund_of_their_share(self, give_back):
        order = make_shipped_order()

        response = give_back(order, ("1", 4), reference="R-1", returned_on="2026-01-09")

        assert response.status_code == 201
        entry = response.json["returns"][0]
        assert (entry["reference"], entry["returned_on"]) == ("R-1", "2026-01-09")
        assert entry["line_items"] == [{"line_id": "1", "quantity": 4, "refund_total": gbp(1000)}]
        assert (entry["total"], entry["refunded_total"]) == (gbp(1000), gbp(0))
        line = response.json["line_items"][0]
        assert (line["returned_quantity"], line["captured_total"], line["refunded_total"]) == (4, gbp(2500), gbp(0))
        assert announced(order) == ["order_shipped", "order_returned"]
        event = Order.get(order.id).outbox[-1]["fields"]
        assert (event["amount"], event["return_id"], event["payment_id"]) == (1000, entry["id"], "pay_1")
        assert (event["placed_by"], event["acted_by"]) == ("usr_one", None)

    def test_refunds_in_a_currency_that_left_iso_4217(self, give_back):
        order = make_shipped_order(currency="BGN")

        response = give_back(order, ("1", 1, {"amount": 200, "currency": "BGN"}))

        assert response.status_code == 201
        assert response.json["returns"][0]["total"] == {"amount": 200, "currency": "BGN"}

    def test_names_the_most_that_can_be_refunded_as_money(self, give_back):
        refusal = give_back(make_shipped_order(), ("1", 1, gbp(2501))).json["errors"][0]

        assert refusal["detail"] == "At most £25.00 of this line are captured and not yet refunded."

    def test_came_back_on_a_day_that_has_begun_somewhere(self, app, give_back, hold_clock):
        hold_clock(datetime(2026, 11, 28, 12, 30, tzinfo=UTC))  # the 29th in Kiribati
        order = make_shipped_order()

        days = ["0001-01-01", "2026-11-29", "2026-11-30", "9999-12-31"]
        answers = [give_back(order, ("1", 1), returned_on=day) for day in days]

        assert [answer.status_code for answer in answers] == [201, 201, 422, 422]
        assert [error["pointer"] for error in answers[2].json["errors"]] == ["/returned_on"]
        assert len(Order.get(order.id).returns) == 2

    def test_refunds_the_rest_with_the_last_piece(self, give_back):
        order = make_shipped_order(line_items=[make_line(quantity=3, total_amount=100)])

        amounts = [give_back(order, ("1", 1)).json["returns"][-1]["total"]["amount"] for _ in range(3)]

        assert amounts == [33, 34, 33]

    def test_takes_the_amount_named_down_to_nothing(self, give_back):
        order = make_shipped_order()

        assert give_back(order, ("1", 1, gbp(2400))).json["returns"][0]["total"] == gbp(2400)
        assert give_back(order, ("1", 1, gbp(0))).json["returns"][1]["total"] == gbp(0)
        assert give_back(order, ("1", 8)).json["returns"][2]["total"] == gbp(100)

    @pytest.mark.parametrize(
        ("line", "pointer"),
        [
            (("1", 11), "/line_items/0/quantity"),
            (("2", 1), "/line_items/0/line_id"),
            (("1", 1, gbp(2501)), "/line_items/0/refund_amount"),
            (("1", 1, {"amount": 1, "currency": "EUR"}), "/line_items/0/refund_amount"),
            (("1", 1, {"amount": 1, "currency": "ABC"}), "/line_items/0/refund_amount"),
            (("1", 1, {"amount": 1, "currency": "abc"}), "/line_items/0/refund_amount/currency"),
        ],
    )
    def test_refuses_more_than_was_shipped_or_captured(self, give_back, line, pointer):
        order = make_shipped_order()

        response = give_back(order, line)

        assert response.status_code == 422
        assert [error["pointer"] for error in response.json["errors"]] == [pointer]
        assert order.reload().returns == []

    def test_counts_refunds_of_the_merchant_against_the_rest(self, give_back):
        order = make_shipped_order()
        record_refund(order, "txn_1", None, 2000)
        order.commit()

        assert give_back(order, ("1", 1, gbp(501))).status_code == 422
        assert give_back(order, ("1", 10)).json["returns"][0]["total"] == gbp(500)

    def test_refuses_with_retry_after_while_the_capture_is_pending(self, give_back):
        order = make_shipped_order(is_captured=False)

        response = give_back(order, ("1", 1))
        assert response.status_code == 409
        assert response.json["type"] == "/problems/capture-pending"
        assert response.headers["Retry-After"] == "1"

        record_capture(order, order.shipments[0].id, 2500)
        order.commit()
        assert give_back(order, ("1", 1)).status_code == 201

    def test_needs_something_shipped(self, give_back):
        (error,) = give_back(make_order(), ("1", 1)).json["errors"]

        assert error == {
            "pointer": "/line_items/0/quantity",
            "detail": "Nothing of this line is shipped and not yet returned.",
        }

    def test_names_what_is_left_of_each_line(self, give_back):
        order = make_shipped_order()
        assert give_back(order, ("1", 10)).status_code == 201

        errors = give_back(order, ("1", 1), ("2", 1)).json["errors"]

        assert [error["detail"] for error in errors] == [
            "Nothing of this line is shipped and not yet returned.",
            "The order has no such line.",
        ]

    def test_takes_back_from_a_part_that_was_shipped(self, give_back):
        order = make_order()
        record_shipment(order, make_shipment(order, LineToShip("1", 4)), settle_within=SETTLE_WITHIN)
        record_capture(order, order.shipments[0].id, 1000)
        order.commit()

        assert give_back(order, ("1", 5)).status_code == 422
        assert give_back(order, ("1", 4)).json["returns"][0]["total"] == gbp(1000)

    def test_returns_what_a_repeated_reference_took_back(self, give_back):
        order = make_shipped_order()
        first, repeat = (give_back(order, ("1", 1), reference="R-1") for _ in range(2))

        assert (first.status_code, repeat.status_code) == (201, 200)
        assert repeat.json["returns"] == first.json["returns"]

    def test_is_for_staff(self, give_back, buyer):
        assert give_back(make_shipped_order(), ("1", 1), client=buyer).status_code == 403
