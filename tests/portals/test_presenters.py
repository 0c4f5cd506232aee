"""What pages show of the gateway's JSON, and what forms become: pure functions."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portals.admin import presenters as admin
from portals.customer import presenters as customer
from shared.portal.formatting import day, major, moment, money, plural
from tests.portals.fake_shapes import gbp, make_product


class TestMoney:
    @pytest.mark.parametrize(
        ("value", "shown"),
        [
            (gbp(0), "£0.00"),
            (gbp(123450), "£1,234.50"),
            (gbp("25.5"), "£0.255"),
            (gbp("195.50"), "£1.955"),
            (gbp(-5), "-£0.05"),
            ({"amount": 1234, "currency": "JPY"}, "JPY 1,234"),
            ({"amount": 1234, "currency": "KWD"}, "KWD 1.234"),
            ({"amount": 100000, "currency": "EUR"}, "€1,000.00"),
            (None, "\u2013"),
        ],
    )
    def test_reads_like_a_price(self, value, shown: str):
        assert money(value) == shown

    @given(st.integers(0, 10**12), st.sampled_from(["GBP", "JPY", "KWD"]))
    def test_what_a_form_shows_is_read_back_as_the_same_amount(self, amount: int, currency: str):
        value = {"amount": amount, "currency": currency}

        assert admin.read_amount(major(value), currency, field="unit_price") == value

    @pytest.mark.parametrize("typed", ["1e5000", "9" * 5000, "100000000000000000000", "1e-999999", "1e999998"])
    def test_a_form_refuses_amounts_that_no_price_has(self, typed: str):
        with pytest.raises(admin.FormInvalid):
            admin.read_amount(typed, "GBP", field="unit_price")

    def test_a_form_keeps_decimals_of_the_minor_unit(self):
        assert major(gbp("195.5")) == "1.955"
        assert admin.read_amount("1.955", "GBP", field="unit_price") == gbp("195.5")


class TestDates:
    def test_read_like_dates_and_say_their_zone(self):
        assert day("2026-11-04T23:59:00Z") == '<time datetime="2026-11-04">4 Nov 2026</time>'
        assert ">4 Nov 2026, 22:59 UTC<" in moment("2026-11-04T23:59:00+01:00")
        assert day(None) == moment(None) == "\u2013"

    def test_counts_read_like_sentences(self):
        assert [plural(count, "line") for count in (0, 1, 1200)] == ["0 lines", "1 line", "1,200 lines"]


class TestQuickOrder:
    @pytest.mark.parametrize(
        ("text", "sku", "quantity"),
        [
            ("BOLT-M8 12", "BOLT-M8", 12),
            ("bolt-m8\t12", "BOLT-M8", 12),
            ("BOLT-M8;12", "BOLT-M8", 12),
            ("BOLT-M8, 12", "BOLT-M8", 12),
            ("BOLT-M8\t1,200", "BOLT-M8", 1200),
            ("BOLT-M8", "BOLT-M8", 1),
            ("AB C 1.0 7", "AB C 1.0", 7),
            ("  85123A   6  ", "85123A", 6),
        ],
    )
    def test_reads_what_people_paste(self, text: str, sku: str, quantity: int):
        lines, unread = customer.parse_quick_order(text)

        assert [(line.sku, line.quantity) for line in lines] == [(sku, quantity)]
        assert unread == []

    @pytest.mark.parametrize("text", ["BOLT-M8\tlots", "BOLT-M8 0", "BOLT-M8 -3", "BOLT-M8;1.5"])
    def test_names_the_lines_it_cannot_read(self, text: str):
        lines, unread = customer.parse_quick_order(f"NUT-M8 1\n{text}\n\n")

        assert len(lines) == 1
        assert [line.text for line in unread] == [text]

    @given(st.text(max_size=200))
    def test_survives_any_text(self, text: str):
        lines, _ = customer.parse_quick_order(text)

        assert all(line.sku and 1 <= line.quantity <= 1_000_000 for line in lines)


class TestCartLines:
    def cart(self, **line) -> dict[str, Any]:
        defaults = {"sku": "A", "quantity": 9, "is_available": True, "available": 9, "total": gbp(9)}
        return {"line_items": [defaults | line]}

    @pytest.mark.parametrize(
        ("line", "warning", "kept"),
        [
            ({}, "", 9),
            ({"is_available": False, "available": 4}, "Only 4 available", 4),
            ({"is_available": False, "available": 0}, "Out of stock", 0),
            ({"is_available": False, "available": None}, "No longer sold", 0),
            ({"available": None}, "", 9),
        ],
    )
    def test_warns_and_lowers(self, line: dict[str, Any], warning: str, kept: int):
        cart = self.cart(**line)

        assert customer.cart_lines(cart)[0]["warning"] == warning
        assert sum(row["quantity"] for row in customer.within_stock(cart)) == kept

    def test_fingerprint_changes_with_quantity_and_price(self):
        prints = {customer.fingerprint(self.cart(**change)) for change in ({}, {"quantity": 8}, {"total": gbp(8)})}

        assert len(prints) == 3


class TestTimeline:
    @pytest.mark.parametrize(
        ("status", "states"),
        [
            ("placed", ["done", "next", "next"]),
            ("pending_payment", ["done", "next", "next"]),
            ("confirmed", ["done", "done", "next"]),
            ("partially_shipped", ["done", "done", "half"]),
            ("shipped", ["done", "done", "done"]),
            ("cancelled", ["done", "stopped"]),
            ("refused", ["done", "stopped"]),
        ],
    )
    def test_shows_how_far_an_order_is(self, status: str, states: list[Any]):
        order = {"status": status, "created_at": "x", "updated_at": "y", "shipments": [{"shipped_at": "z"}]}

        assert [step.state for step in customer.timeline(order)] == states


class TestPriceLadder:
    def test_a_single_price_is_one_step(self):
        ladder = customer.price_ladder(make_product("A") | {"price_breaks": []})

        assert [step["label"] for step in ladder] == ["1+"]

    def test_a_break_at_two_leaves_a_step_of_one(self):
        breaks = [{"min_quantity": 2, "unit_price": gbp(100)}]

        ladder = customer.price_ladder(make_product("A") | {"price_breaks": breaks})

        assert [step["label"] for step in ladder] == ["1", "2+"]


class TestForms:
    def test_a_form_that_names_no_quantity_ships_nothing(self):
        with pytest.raises(admin.FormInvalid):
            admin.shipment_body({"line_items": []}, {})

    def test_the_template_is_read_by_its_own_columns(self):
        head, *rows = admin.IMPORT_TEMPLATE.strip().split("\r\n")

        assert {row.count(",") for row in rows} == {head.count(",")}
