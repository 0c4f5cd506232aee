"""Prices that are exact, and limits of what an order may cost and hold."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.orders.checkout.rules import RequestedLine, price_lines
from services.orders.orders.rules import Offer
from shared.base.errors import InvalidInput
from shared.base.money import UnitPrice


def offer(amount: Decimal | str | int) -> Offer:
    return Offer("Bolt", UnitPrice(Decimal(amount), "GBP"), is_active=True)


class TestPricing:
    @settings(deadline=None, max_examples=50)
    @given(st.decimals(0, 10_000, places=3), st.integers(1, 1_000_000))
    def test_a_line_is_off_by_half_a_unit_at_most_unless_it_is_less(self, unit_amount, quantity):
        priced = price_lines([RequestedLine("BOLT", quantity)], [offer(unit_amount)])

        exact = unit_amount * quantity
        if 0 < exact <= Decimal("0.5"):
            assert priced.total_amount == 1
        else:
            assert abs(priced.total_amount - exact) <= Decimal("0.5")

    @pytest.mark.parametrize(("unit_amount", "total"), [("0.5", 1), ("1.5", 2), ("2.5", 2), ("2.51", 3)])
    def test_ties_go_to_the_even_neighbour(self, unit_amount, total):
        assert price_lines([RequestedLine("BOLT", 1)], [offer(unit_amount)]).total_amount == total

    def test_refuses_a_total_beyond_the_limit(self):
        with pytest.raises(InvalidInput):
            price_lines([RequestedLine("BOLT", 1_000_000)], [offer(10**12)])

    def test_refuses_more_units_than_products_can_hold(self):
        lines = [RequestedLine("BOLT", 1_000_000)] * 1001

        with pytest.raises(InvalidInput):
            price_lines(lines, [offer(0)] * 1001)
