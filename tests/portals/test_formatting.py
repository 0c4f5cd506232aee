"""Money, dates and counts as people read them, and amounts as forms read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wtforms import ValidationError

from shared.base.money import currencies
from shared.portal.answers import Price
from shared.portal.formatting import day, major, moment, money, plural
from shared.portal.forms import read_amount


def pounds(amount: int | str) -> Price:
    return Price(amount, "GBP")


class TestMoney:
    @pytest.mark.parametrize(
        ("value", "shown"),
        [
            (pounds(0), "£0.00"),
            (pounds(123450), "£1,234.50"),
            (pounds("25.5"), "£0.255"),
            (pounds("195.50"), "£1.955"),
            (pounds(-5), "-£0.05"),
            (Price(1234, "JPY"), "JPY 1,234"),
            (Price(1234, "KWD"), "KWD 1.234"),
            (Price(4990, "CLP"), "CLP 4,990"),
            (Price("4990.5", "CLP"), "CLP 4,990.5"),
            (Price(1234, "OMR"), "OMR 1.234"),
            (Price(1234, "ABC"), "ABC 12.34"),
            (Price(100000, "EUR"), "€1,000.00"),
            (None, "\u2013"),
        ],
    )
    def test_reads_like_a_price(self, value, shown: str):
        assert money(value) == shown

    @given(st.integers(0, 10**12), st.sampled_from(sorted(currencies())))
    def test_what_a_form_shows_is_read_back_as_the_same_amount(self, amount: int, currency: str):
        value = Price(amount, currency)

        assert read_amount(major(value), currency, whole=True) == value
        assert read_amount(major(value), currency) == Price(str(amount), currency)

    @pytest.mark.parametrize("typed", ["1e5000", "9" * 5000, "100000000000000000000", "1e-999999", "1e999998"])
    def test_a_form_refuses_amounts_that_no_price_has(self, typed: str):
        with pytest.raises(ValidationError):
            read_amount(typed, "GBP")

    def test_a_form_keeps_decimals_of_the_minor_unit(self):
        assert major(pounds("195.5")) == "1.955"
        assert read_amount("1.955", "GBP") == pounds("195.5")

    @pytest.mark.parametrize(
        ("typed", "currency", "minor"), [("4,990", "CLP", 4990), ("1.234", "OMR", 1234), ("1.2", "OMR", 1200)]
    )
    def test_a_form_reads_the_decimals_of_the_currency(self, typed: str, currency: str, minor: int):
        assert read_amount(typed, currency, whole=True) == Price(minor, currency)

    @pytest.mark.parametrize(("typed", "currency"), [("4990.5", "CLP"), ("1.2345", "OMR"), ("1.234", "GBP")])
    def test_a_refund_is_in_whole_minor_units(self, typed: str, currency: str):
        with pytest.raises(ValidationError, match=f"{currency} has no smaller unit"):
            read_amount(typed, currency, whole=True)


class TestDates:
    def test_read_like_dates_and_say_their_zone(self):
        assert day("2026-11-04T23:59:00Z") == '<time datetime="2026-11-04">4 Nov 2026</time>'
        assert ">4 Nov 2026, 22:59 UTC<" in moment("2026-11-04T23:59:00+01:00")
        assert day(None) == moment(None) == "\u2013"

    def test_counts_read_like_sentences(self):
        assert [plural(count, "line") for count in (0, 1, 1200)] == ["0 lines", "1 line", "1,200 lines"]
