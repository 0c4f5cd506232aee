"""Item codes, names, categories and price breaks as the catalog takes them from a file."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.factories.trade import make_plan, make_record
from tools.demo.extract import PRODUCTS_FILE
from tools.replay.catalog import PriceBreak, price_ladder
from tools.replay.categories import category_of, cleaned_name
from tools.replay.import_file import import_csv, major_units
from tools.replay.skus import UnusableCode, is_fee, sku_of

PLATFORM_SKU = re.compile(r"[A-Z0-9][A-Z0-9 ._/-]{0,63}")


class TestSku:
    @pytest.mark.parametrize(
        ("code", "sku"),
        [
            ("85123a", "85123A"),
            (" 47503J ", "47503J"),
            ("BANK  CHARGES", "BANK CHARGES"),
            ("gift_0001_20", "GIFT_0001_20"),
            ("A#1", "A_X23_1"),
            ("?", "X_X3F_"),
        ],
    )
    def test_is_the_code_in_the_platforms_letters(self, code, sku):
        assert sku_of(code) == sku

    @settings(deadline=None)
    @given(st.text(min_size=1, max_size=12))
    def test_is_taken_by_the_platform_or_refused(self, code):
        try:
            sku = sku_of(code)
        except UnusableCode:
            return
        assert PLATFORM_SKU.fullmatch(sku)

    @pytest.mark.parametrize(
        "code", ["POST", "DOT", "M", "m", "D", "C2", "S", "BANK CHARGES", "AMAZONFEE", "B", "CRUK"]
    )
    def test_tells_fees(self, code):
        assert is_fee(sku_of(code))

    @pytest.mark.parametrize("code", ["85123A", "DCGS0003", "DCGSSBOY", "gift_0001_20"])
    def test_tells_goods(self, code):
        assert not is_fee(sku_of(code))


class TestName:
    def test_is_the_usual_one_of_the_item(self):
        plan = make_plan(
            make_record(name="RED MUG"), make_record(name="RED MUG"), *(make_record(name="damaged") for _ in range(5))
        )

        assert plan.products[0].name == "Red Mug"

    def test_is_the_sku_where_the_file_has_none(self):
        assert make_plan(make_record(name="")).products[0].name == "85123A"

    @pytest.mark.parametrize(
        ("description", "name"),
        [
            ("  SET/6 WOMEN'S  MUGS , LARGE. ", "Set/6 Women's Mugs, Large"),
            ("HEART OF WICKER SMALL", "Heart of Wicker Small"),
            ("WHITE HANGING HEART T-LIGHT HOLDER", "White Hanging Heart T-Light Holder"),
        ],
    )
    def test_is_written_as_a_person_would(self, description, name):
        assert cleaned_name(description, "1") == name

    @pytest.mark.parametrize(
        ("name", "category"),
        [
            ("Chocolate Hot Water Bottle", "Winter warmers"),
            ("Christmas Tree Candle", "Christmas"),
            ("Something Unheard Of", "Gifts"),
        ],
    )
    def test_gives_the_category(self, name, category):
        assert category_of(name, is_fee=False) == category


class TestPriceLadder:
    def test_reads_the_quantity_off_which_the_price_falls(self):
        sales = Counter({(2, Decimal("2.95")): 40, (12, Decimal("2.95")): 9, (32, Decimal("2.55")): 12})
        sales[64, Decimal("2.55")] = 3

        assert price_ladder(sales) == (Decimal("2.95"), (PriceBreak(32, Decimal("2.55")),))

    def test_takes_no_break_from_a_price_that_has_nothing_to_do_with_quantity(self):
        sales = Counter({(2, Decimal("2.95")): 40, (24, Decimal("2.95")): 20, (2, Decimal("2.55")): 10})

        assert price_ladder(sales) == (Decimal("2.95"), ())

    def test_takes_no_break_from_a_single_bargain(self):
        sales = Counter({(2, Decimal("2.95")): 40, (500, Decimal("1.00")): 1})

        assert price_ladder(sales) == (Decimal("2.95"), ())

    def test_is_free_where_nothing_was_ever_paid(self):
        assert price_ladder(Counter()) == (Decimal(0), ())


class TestImportFile:
    def test_leaves_the_stock_of_fees_empty(self):
        plan = make_plan(make_record(), make_record(code="POST", name="POSTAGE", price="18.00"))

        rows = list(csv.DictReader(io.StringIO(import_csv(plan.products, {"85123A": 6}))))

        assert [(row["sku"], row["stock"], row["unit_price"]) for row in rows] == [
            ("85123A", "6", "2.55"),
            ("POST", "", "18.00"),
        ]

    @pytest.mark.parametrize(("price", "text"), [("2.5", "2.50"), ("10", "10.00"), ("0.125", "0.125"), ("0", "0.00")])
    def test_writes_prices_with_the_decimals_they_have(self, price, text):
        assert major_units(Decimal(price)) == text

    def test_the_demo_catalog_is_in_this_format(self):
        with PRODUCTS_FILE.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))

        assert len(rows) == 400
        assert all(PLATFORM_SKU.fullmatch(row["sku"]) and row["name"] and row["category"] for row in rows)
        assert sum(bool(row["breaks"]) for row in rows) > 100
        assert [row["sku"] for row in rows if row["stock"] == ""] == ["POST"]
