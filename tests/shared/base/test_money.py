"""Money: whole minor units, rounded half-even, and shares that add up to the penny."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.base.money import CurrencyMismatch, Money, line_total, major_units, minor_units, share


class TestLineTotal:
    @pytest.mark.parametrize(
        ("unit", "quantity", "total"),
        [("255", 6, 1530), ("25.5", 1, 26), ("24.5", 1, 24), ("0.125", 4, 0), ("0", 9, 0)],
    )
    def test_rounds_half_even_once_per_line(self, unit, quantity, total):
        assert line_total(Decimal(unit), quantity) == total


class TestShare:
    @given(st.integers(0, 10**12), st.lists(st.integers(1, 1000), min_size=1, max_size=20))
    def test_differences_of_shares_add_up_to_the_whole(self, total, pieces):
        whole = sum(pieces)
        reached, amounts = 0, []
        for piece in pieces:
            amounts.append(share(total, reached + piece, whole) - share(total, reached, whole))
            reached += piece

        assert sum(amounts) == total
        assert all(amount >= 0 for amount in amounts)


class TestMoney:
    def test_refuses_to_add_two_currencies(self):
        with pytest.raises(CurrencyMismatch):
            Money(1, "GBP") + Money(1, "EUR")

    @pytest.mark.parametrize(
        ("major", "currency", "minor"), [("2.55", "GBP", "255"), ("2.555", "GBP", "255.5"), ("300", "JPY", "300")]
    )
    def test_turns_major_units_into_minor_ones_and_back(self, major, currency, minor):
        assert minor_units(Decimal(major), currency) == Decimal(minor)
        assert major_units(Decimal(minor), currency) == Decimal(major)
