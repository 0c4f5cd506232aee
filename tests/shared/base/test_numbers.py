"""Numbers in text: a decimal comma never multiplies, and nothing but digits and separators is a number."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.base.numbers import DecimalMark, read_decimal, read_digits, read_whole

NO_NUMBERS = [
    "", " ", "1,50", "1,5", "2,50", "1,2,3", "1,23", "1234,567", "0,125", "00,125", ",5", "1,", "1,2345", "1,234,56",
    "5.", ".5", "1.2.3", "1.234,5", "1e3", "1E3", "1_000", "+5", "-5", "-0", " 5", "5 ", "1 000", "1\u00a0000",
    "\uff11\uff12", "٣", "1.\uff15", "²", "½", "NaN", "Infinity", "0x10", "5\n", "1'000", "9" * 41, "0." + "1" * 5000,
]  # fmt: skip


class TestReadNumbers:
    @pytest.mark.parametrize(
        ("text", "number"),
        [
            ("0", "0"), ("7", "7"), ("007", "7"), ("12.50", "12.50"), ("0.125", "0.125"), ("1,234", "1234"),
            ("1,234,567.89", "1234567.89"), ("999,999", "999999"), ("1234567.5", "1234567.5"),
        ],
    )  # fmt: skip
    def test_takes_digits_thousands_and_decimals(self, text: str, number: str):
        assert read_decimal(text) == Decimal(number)
        assert read_whole(text) == (None if "." in text else int(number))

    @pytest.mark.parametrize("text", NO_NUMBERS)
    def test_refuses_everything_else(self, text: str):
        assert read_decimal(text) is None
        assert read_whole(text) is None
        assert read_digits(text) is None

    @pytest.mark.parametrize(("text", "number"), [("1,50", "1.50"), ("1.234,5", "1234.5"), ("1.234", "1234")])
    def test_reads_decimal_commas_where_they_are_asked_for(self, text: str, number: str):
        assert read_decimal(text, mark=DecimalMark.COMMA) == Decimal(number)

    @pytest.mark.parametrize("text", ["1.50", "1,234.5", "1.2.3", "5,", "0.125"])
    def test_refuses_decimal_points_where_commas_are_asked_for(self, text: str):
        assert read_decimal(text, mark=DecimalMark.COMMA) is None

    def test_machines_write_no_separators(self):
        assert read_digits("1200") == 1200
        assert read_digits("1,200") is None

    @given(st.text(max_size=50))
    def test_a_number_of_any_text_has_the_digits_of_the_text(self, text: str):
        number = read_decimal(text)

        if number is not None:
            assert f"{number:f}".replace(".", "") == text.replace(",", "").replace(".", "").lstrip("0").rjust(
                len(f"{number:f}".replace(".", "")), "0"
            )
