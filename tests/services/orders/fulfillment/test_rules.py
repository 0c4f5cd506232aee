"""Shares that add up, and refunds that never exceed what was captured."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from services.orders.errors import OrderNotShippable
from services.orders.fulfillment.rules import LineToReturn, LineToShip, plan_return, plan_shipment
from services.orders.orders.rules import (
    Refund,
    Return,
    ReturnLine,
    Shipment,
    amounts_per_line,
    quantities_per_line,
    refunds_per_line,
)
from shared.base.clock import now
from shared.base.errors import InvalidInput
from shared.base.money import Money
from tests.factories.orders import make_line

LINES = st.lists(st.tuples(st.integers(1, 50), st.integers(0, 10_000)), min_size=1, max_size=4)
PARTS = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 50)), max_size=12)
REFUNDS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(1, 50), st.none() | st.integers(0, 12_000)), min_size=1, max_size=12
)


def lines_of(drawn):
    return [make_line(position, quantity=n, total_amount=total) for position, (n, total) in enumerate(drawn)]


def shipped(lines, parts):
    """Ship the parts that fit, then all that is left."""
    shipments: list[Shipment] = []
    for line_id, quantity in [*parts, (None, None)]:
        wanted = None if line_id is None else [LineToShip(str(line_id), quantity)]
        try:
            planned = plan_shipment(lines, shipments, wanted)
        except (InvalidInput, OrderNotShippable):
            continue
        amount = sum(line.amount for line in planned)
        shipments.append(
            Shipment(id="shp_1", line_items=planned, amount=amount, captured_amount=amount, shipped_at=now())
        )
    return shipments


def returned(planned: list[ReturnLine]) -> Return:
    amount = sum(line.refund_amount for line in planned)
    return Return(id="ret_1", line_items=planned, amount=amount, returned_on="2026-01-05", created_at=now())


class TestShares:
    @settings(deadline=None, max_examples=50)
    @given(LINES, PARTS)
    def test_shipments_add_up_to_every_lines_total(self, drawn, parts):
        lines = lines_of(drawn)

        shipments = shipped(lines, parts)

        assert all(line.amount >= 0 for shipment in shipments for line in shipment.line_items)
        assert dict(amounts_per_line(shipments)) == {line.line_id: line.total_amount for line in lines}
        assert dict(quantities_per_line(shipments)) == {line.line_id: line.quantity for line in lines}

    @settings(deadline=None, max_examples=50)
    @given(LINES, PARTS, REFUNDS, st.integers(0, 3000))
    def test_refunds_never_exceed_what_was_captured(self, drawn, parts, asked, without_return):
        lines = lines_of(drawn)
        shipments = shipped(lines, parts)
        captured = sum(shipment.amount for shipment in shipments)
        refunds = [Refund("txn_1", min(without_return, captured))]
        returns: list[Return] = []
        for line_id, quantity, amount in asked:
            money = None if amount is None else Money(amount, "GBP")
            wanted = [LineToReturn(str(line_id), quantity, money)]
            try:
                planned = plan_return(lines, shipments, returns, refunds, wanted, "GBP")
            except InvalidInput:
                continue
            returns.append(returned(planned))

        assert sum(entry.amount for entry in returns) + sum(refund.amount for refund in refunds) <= captured
        for line in lines:
            assert refunds_per_line(returns)[line.line_id] <= line.total_amount
            assert quantities_per_line(returns)[line.line_id] <= line.quantity

    @settings(deadline=None, max_examples=50)
    @given(LINES, PARTS)
    def test_returning_everything_unit_by_unit_refunds_everything(self, drawn, parts):
        lines = lines_of(drawn)
        shipments = shipped(lines, parts)
        returns: list[Return] = []
        for line in lines:
            for _ in range(line.quantity):
                wanted = [LineToReturn(line.line_id, 1)]
                planned = plan_return(lines, shipments, returns, [], wanted, "GBP")
                returns.append(returned(planned))

        assert sum(entry.amount for entry in returns) == sum(line.total_amount for line in lines)
