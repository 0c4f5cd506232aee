"""Money: whole minor units, rounded half-even, and shares that add up to the penny."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.base.money import (
    CurrencyMismatch,
    Money,
    currencies,
    exponent,
    is_currency,
    line_total,
    major_units,
    minor_units,
    money_text,
    share,
)


class TestLineTotal:
    @pytest.mark.parametrize(
        ("unit", "quantity", "total"),
        [("255", 6, 1530), ("25.5", 1, 26), ("24.5", 1, 24), ("0", 9, 0)],
    )
    def test_rounds_half_even_once_per_line(self, unit, quantity, total):
        assert line_total(Decimal(unit), quantity) == total

    @pytest.mark.parametrize(
        ("unit", "quantity", "total"), [("0.125", 4, 1), ("0.0001", 1, 1), ("0.4", 2, 1), ("0", 1, 0)]
    )
    def test_costs_at_least_a_minor_unit_unless_it_is_free(self, unit, quantity, total):
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
        ("major", "currency", "minor"),
        [
            ("2.55", "GBP", "255"),
            ("2.555", "GBP", "255.5"),
            ("300", "JPY", "300"),
            ("4990", "CLP", "4990"),
            ("1.234", "OMR", "1234"),
        ],
    )
    def test_turns_major_units_into_minor_ones_and_back(self, major, currency, minor):
        assert minor_units(Decimal(major), currency) == Decimal(minor)
        assert major_units(Decimal(minor), currency) == Decimal(major)


class TestCurrencies:
    @pytest.mark.parametrize(
        ("code", "decimals"), [("CLP", 0), ("JPY", 0), ("VND", 0), ("XOF", 0), ("GBP", 2), ("HUF", 2), ("OMR", 3)]
    )
    def test_have_the_decimals_of_iso_4217(self, code, decimals):
        assert is_currency(code)
        assert exponent(code) == decimals

    @pytest.mark.parametrize(
        "code", ["ABC", "XXX", "XTS", "XAU", "XDR", "XUA", "CLF", "CHE", "USN", "UYW", "XAD", "gbp", "", "GBP\n", "№"]
    )
    def test_leave_out_funds_metals_and_codes_without_a_minor_unit(self, code):
        assert not is_currency(code)

    def test_that_are_stored_and_left_the_table_have_two_decimals(self):
        assert major_units(1234, "ABC") == Decimal("12.34")

    @given(st.sampled_from(sorted(currencies())), st.decimals(0, 10**9, places=4))
    def test_are_turned_into_minor_units_and_back_exactly(self, code, major):
        minor = minor_units(major, code)

        assert minor == major * 10 ** exponent(code)
        assert major_units(minor, code) == major
        assert exponent(code) in (0, 2, 3)

    @pytest.mark.parametrize(
        ("amount", "currency", "text"),
        [
            (123450, "GBP", "£1,234.50"),
            (500, "JPY", "JPY 500"),
            (4990, "CLP", "CLP 4,990"),
            (1234, "OMR", "OMR 1.234"),
        ],
    )
    def test_are_written_as_people_read_them(self, amount, currency, text):
        assert money_text(amount, currency) == text

    def test_are_read_at_the_first_use_only(self):
        code = "import sys, shared.base.money; sys.exit('iso4217' in sys.modules)"

        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class TestStoredCurrencies:
    # Amounts are stored in minor units. A code that leaves the table with an update of iso4217 must keep its decimals
    # here: `exponent` returns two for a code that it does not know, which is right for BGN, HRK and the like.
    OTHER_THAN_TWO = "BHD3 BIF0 CLP0 DJF0 GNF0 IQD3 ISK0 JOD3 JPY0 KMF0 KRW0 KWD3 LYD3 OMR3 PYG0 RWF0 TND3 UGX0 VND0"

    @pytest.mark.parametrize("entry", [*OTHER_THAN_TWO.split(), "VUV0", "XAF0", "XOF0", "XPF0", "BGN2", "HRK2"])
    def test_keep_their_decimals(self, entry):
        assert exponent(entry[:3]) == int(entry[3])
