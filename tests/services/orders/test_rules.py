"""Pure rules: shares that add up, refunds that never exceed what was captured, prices that are exact."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.orders.errors import OrderNotShippable
from services.orders.rules.fulfillment import plan_return, plan_shipment
from services.orders.rules.presenting import shown_order
from services.orders.rules.pricing import merged_lines, price_lines
from services.orders.rules.statuses import retry_seconds
from shared.base.errors import InvalidInput
from shared.base.money import Money

LINES = st.lists(st.tuples(st.integers(1, 50), st.integers(0, 10_000)), min_size=1, max_size=4)
PARTS = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 50)), max_size=12)
REFUNDS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(1, 50), st.none() | st.integers(0, 12_000)), min_size=1, max_size=12
)


def lines_of(drawn):
    return [
        {"line_id": str(position), "sku": "BOLT", "name": "Bolt", "unit_amount": "1", "quantity": n, "total_amount": t}
        for position, (n, t) in enumerate(drawn)
    ]


def shipped(lines, parts):
    """Ship the parts that fit, then all that is left."""
    shipments: list[dict[str, Any]] = []
    for line_id, quantity in [*parts, (None, None)]:
        wanted = None if line_id is None else [{"line_id": str(line_id), "quantity": quantity}]
        try:
            planned = plan_shipment(lines, shipments, wanted)
        except (InvalidInput, OrderNotShippable):
            continue
        amount = sum(line["amount"] for line in planned)
        shipments.append({"line_items": planned, "amount": amount, "captured_amount": amount})
    return shipments


class TestShares:
    @settings(deadline=None, max_examples=50)
    @given(LINES, PARTS)
    def test_shipments_add_up_to_every_lines_total(self, drawn, parts):
        lines = lines_of(drawn)

        amounts = {line["line_id"]: 0 for line in lines}
        quantities = dict(amounts)
        for shipment in shipped(lines, parts):
            for line in shipment["line_items"]:
                assert line["amount"] >= 0
                amounts[line["line_id"]] += line["amount"]
                quantities[line["line_id"]] += line["quantity"]

        assert amounts == {line["line_id"]: line["total_amount"] for line in lines}
        assert quantities == {line["line_id"]: line["quantity"] for line in lines}

    @settings(deadline=None, max_examples=50)
    @given(LINES, PARTS, REFUNDS, st.integers(0, 3000))
    def test_refunds_never_exceed_what_was_captured(self, drawn, parts, asked, without_return):
        lines = lines_of(drawn)
        shipments = shipped(lines, parts)
        captured = sum(shipment["captured_amount"] for shipment in shipments)
        refunds = [{"amount": min(without_return, captured)}]
        returns: list[dict[str, Any]] = []
        for line_id, quantity, amount in asked:
            money = None if amount is None else Money(amount, "GBP")
            wanted = [{"line_id": str(line_id), "quantity": quantity, "refund_amount": money}]
            try:
                planned = plan_return(shipments, returns, refunds, wanted, "GBP")
            except InvalidInput:
                continue
            returns.append({"line_items": planned, "amount": sum(line["refund_amount"] for line in planned)})

        assert sum(entry["amount"] for entry in [*returns, *refunds]) <= captured
        for line in lines:
            mine = [each for entry in returns for each in entry["line_items"] if each["line_id"] == line["line_id"]]
            assert sum(each["refund_amount"] for each in mine) <= line["total_amount"]
            assert sum(each["quantity"] for each in mine) <= line["quantity"]

    @settings(deadline=None, max_examples=50)
    @given(LINES, PARTS)
    def test_returning_everything_unit_by_unit_refunds_everything(self, drawn, parts):
        lines = lines_of(drawn)
        shipments = shipped(lines, parts)
        returns: list[dict[str, Any]] = []
        for line in lines:
            for _ in range(line["quantity"]):
                wanted = [{"line_id": line["line_id"], "quantity": 1, "refund_amount": None}]
                planned = plan_return(shipments, returns, [], wanted, "GBP")
                returns.append({"line_items": planned, "amount": sum(each["refund_amount"] for each in planned)})

        assert sum(entry["amount"] for entry in returns) == sum(line["total_amount"] for line in lines)


def offer(amount, currency="GBP"):
    return {"name": "Bolt", "unit_price": {"amount": amount, "currency": currency}, "is_active": True}


class TestPricing:
    @settings(deadline=None, max_examples=50)
    @given(st.decimals(0, 10_000, places=3), st.integers(1, 1_000_000))
    def test_a_line_is_off_by_half_a_unit_at_most(self, unit_amount, quantity):
        priced = price_lines([{"sku": "BOLT", "quantity": quantity}], [offer(str(unit_amount))])

        assert abs(priced.total_amount - unit_amount * quantity) <= Decimal("0.5")

    @pytest.mark.parametrize(("unit_amount", "total"), [("0.5", 0), ("1.5", 2), ("2.5", 2), ("2.51", 3)])
    def test_ties_go_to_the_even_neighbour(self, unit_amount, total):
        assert price_lines([{"sku": "BOLT", "quantity": 1}], [offer(unit_amount)]).total_amount == total

    def test_refuses_a_total_that_no_ledger_holds(self):
        with pytest.raises(InvalidInput):
            price_lines([{"sku": "BOLT", "quantity": 1_000_000}], [offer(10**12)])

    def test_refuses_more_units_than_products_can_hold(self):
        lines = [{"sku": "BOLT", "quantity": 1_000_000}] * 1001

        with pytest.raises(InvalidInput):
            price_lines(lines, [offer(0)] * 1001)

    def test_a_cart_has_one_line_per_product(self):
        lines = [{"sku": sku, "quantity": 2} for sku in ("B", "A", "B")]

        assert merged_lines(lines) == [{"sku": "B", "quantity": 4}, {"sku": "A", "quantity": 2}]

    def test_a_cart_holds_two_thousand_products(self):
        with pytest.raises(InvalidInput):
            merged_lines([{"sku": str(number), "quantity": 1} for number in range(2001)])


class TestPatience:
    def test_looks_again_later_and_later_but_not_never(self):
        waits = [retry_seconds(attempts) for attempts in range(20)]

        assert waits == sorted(waits)
        assert (waits[0], waits[-1]) == (3, 600)


class TestShownOrder:
    def test_a_new_order_shows_nothing_shipped_or_paid(self):
        stored = {"_id": "ord_1", "currency": "GBP", "total_amount": 5, "line_items": lines_of([(2, 5)])}

        shown = shown_order(stored)

        assert (shown["captured_total"]["amount"], shown["refunded_total"]["amount"]) == (0, 0)
        assert (shown["line_items"][0]["shipped_quantity"], shown["shipments"], shown["returns"]) == (0, [], [])
