"""What becomes of each kind of row, before anything is sent anywhere."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.factories.trade import make_plan, make_record, make_trade
from tools.replay.planned import PlannedOrder, minor_units


def only_order(plan):
    (order,) = plan.orders()
    return order


def reasons(plan):
    return [(entry.line, entry.reason) for entry in plan.left_out]


class TestOrders:
    def test_an_invoice_of_digits_is_one_order_with_its_number_as_reference(self):
        plan = make_plan(make_record("536365", "85123A", 6), make_record("536365", "71053", 2, "3.39"))

        order = only_order(plan)

        assert (order.reference, order.ordered_on.isoformat(), order.company) == ("536365", "2010-12-01", "17850")
        assert [(line.sku, line.quantity, line.total) for line in order.lines] == [
            ("85123A", 6, 1530),
            ("71053", 2, 678),
        ]

    def test_repeated_skus_stay_separate_lines(self):
        plan = make_plan(make_record(quantity=6), make_record(quantity=4, price="2.95"))

        assert [line.quantity for line in only_order(plan).lines] == [6, 4]

    def test_codes_that_differ_only_by_case_are_one_sku(self):
        plan = make_plan(make_record(code="85123A"), make_record(code=" 85123a "))

        assert [product.sku for product in plan.products] == ["85123A"]
        assert {line.sku for line in only_order(plan).lines} == {"85123A"}

    def test_free_lines_stay_and_an_order_may_cost_nothing(self):
        plan = make_plan(make_record(price="0.0"))

        assert only_order(plan).total == 0
        assert only_order(plan).units == 6

    def test_rows_of_different_minutes_are_one_order_of_the_first_rows_day(self):
        plan = make_plan(make_record(at="2010-12-01 23:59:00"), make_record(at="2010-12-02 00:00:00"))

        assert only_order(plan).ordered_on.isoformat() == "2010-12-01"

    def test_an_invoice_interrupted_by_another_is_one_order_in_place_of_its_first_row(self):
        plan = make_plan(make_record("1"), make_record("2"), make_record("1"))

        assert [(order.reference, len(order.lines)) for order in plan.orders()] == [("1", 2), ("2", 1)]

    def test_blank_customers_are_the_one_company_counter_sales(self):
        plan = make_plan(make_record("1", customer=""), make_record("2", customer=""))

        assert [(company.reference, company.name) for company in plan.companies.values()] == [
            ("counter-sales", "Counter sales")
        ]
        assert [order.company for order in plan.orders()] == ["counter-sales", "counter-sales"]

    def test_a_price_of_three_decimals_rounds_half_even_per_line(self):
        plan = make_plan(make_record(quantity=1, price="0.125"), make_record(quantity=1, price="0.135"))

        assert [line.total for line in only_order(plan).lines] == [12, 14]

    def test_an_invoice_of_1114_lines_is_one_order(self):
        plan = make_plan(*(make_record("581219", f"{20000 + n}", 1, "1.00") for n in range(1114)))

        assert len(only_order(plan).lines) == 1114
        assert only_order(plan).total == 111_400


class TestLeftOut:
    @pytest.mark.parametrize(
        ("record", "reason"),
        [
            (make_record(quantity=-36, price="0.0"), "quantity of 0 or less outside C invoices"),
            (make_record(quantity=0), "quantity of 0 or less outside C invoices"),
            (make_record("A563185", "B", 1, "11062.06"), "invoice number of prefix A"),
            (make_record(price="-11062.06"), "negative price"),
            (make_record("C536379", quantity=1), "quantity of 0 or more on a C invoice"),
            (make_record(code=""), "unreadable: no item code"),
            (make_record(quantity="six"), "unreadable: quantity 'six' is no number"),
            (make_record(quantity="1.5"), "unreadable: quantity '1.5' is no whole number"),
            (make_record(price="NaN"), "unreadable: unit price 'NaN' is no number"),
            (make_record(at="yesterday"), "unreadable: date 'yesterday' is in none of the known forms"),
            (make_record(""), "unreadable: no invoice number"),
        ],
    )
    def test_names_the_reason(self, record, reason):
        plan = make_plan(record)

        assert reasons(plan) == [(2, reason)]
        assert not list(plan.orders())
        assert plan.rows_read == 1

    def test_a_write_off_row_inside_an_order_leaves_the_rest_of_it(self):
        plan = make_plan(make_record(quantity=6), make_record(quantity=-1))

        assert only_order(plan).units == 6
        assert reasons(plan) == [(3, "quantity of 0 or less outside C invoices")]


class TestStockNeeded:
    def test_covers_the_orders_and_no_fee(self):
        plan = make_plan(*make_trade())

        assert plan.units_needed() == {"85123A": 15, "71053": 13, "22633": 9}

    def test_leaves_out_what_is_placed(self):
        plan = make_plan(*make_trade())

        placed = frozenset({("17850", "536365"), ("counter-sales", "536367")})

        assert plan.units_needed(placed) == {"85123A": 5, "71053": 1, "22633": 6}


class TestDeterminism:
    def test_the_same_file_gives_the_same_plan(self):
        assert make_plan(*make_trade()) == make_plan(*make_trade())

    def test_one_companys_steps_stand_in_file_order(self):
        plan = make_plan(*make_trade())

        references = [
            step.reference if isinstance(step, PlannedOrder) else (step.reference, step.order_reference)
            for step in plan.steps["17850"]
        ]

        assert references == ["536365", "536368", ("C536369", "536368"), ("C536369", "536365")]


@pytest.mark.parametrize(
    ("quantity", "price", "minor"), [(3, "2.55", 765), (1, "0.005", 1), (3, "0.005", 2), (74215, "1.04", 7718360)]
)
def test_money_is_rounded_half_even_to_the_penny(quantity, price, minor):
    assert minor_units(quantity, Decimal(price)) == minor
