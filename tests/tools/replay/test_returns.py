"""Which orders a `C` invoice takes back from and what is refunded."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.factories.trade import make_plan, make_record
from tools.replay.planned import minor_units
from tools.replay.returns import CAPPED, UNMATCHED


def taken(plan):
    """Return (order, position, quantity, refund) of every returned line, in plan order."""
    return [
        (entry.order_reference, line.position, line.quantity, line.refund)
        for entry in plan.returns()
        for line in entry.lines
    ]


def left_out(plan):
    return [(entry.invoice, entry.quantity, entry.amount, entry.reason) for entry in plan.left_out]


class TestMatching:
    def test_takes_from_the_latest_earlier_order_first_then_from_older_ones(self):
        plan = make_plan(
            make_record("1", quantity=5, price="1.00"),
            make_record("2", quantity=3, price="1.00"),
            make_record("C3", quantity=-4, price="1.00"),
        )

        assert taken(plan) == [("2", 0, 3, 300), ("1", 0, 1, 100)]

    def test_never_takes_from_a_later_order(self):
        plan = make_plan(make_record("C1", quantity=-1), make_record("2", quantity=5))

        assert taken(plan) == []
        assert left_out(plan) == [("C1", -1, 255, UNMATCHED)]

    def test_never_takes_from_another_company(self):
        plan = make_plan(make_record("1", customer="1"), make_record("C2", quantity=-1, customer="2"))

        assert left_out(plan) == [("C2", -1, 255, UNMATCHED)]

    def test_matches_counter_sales_like_any_company(self):
        plan = make_plan(make_record("1", customer=""), make_record("C2", quantity=-1, customer=""))

        assert taken(plan) == [("1", 0, 1, 255)]

    def test_ignores_the_case_of_the_code(self):
        plan = make_plan(make_record("1", "85123A"), make_record("C2", "85123a", -1))

        assert taken(plan) == [("1", 0, 1, 255)]

    def test_takes_an_orders_lines_in_file_order(self):
        plan = make_plan(
            make_record("1", quantity=2, price="1.00"),
            make_record("1", quantity=2, price="2.00"),
            make_record("C2", quantity=-3, price="1.00"),
        )

        assert taken(plan) == [("1", 0, 2, 200), ("1", 1, 1, 100)]

    def test_a_later_return_finds_only_what_is_left(self):
        plan = make_plan(
            make_record("1", quantity=3, price="1.00"),
            make_record("C2", quantity=-2, price="1.00"),
            make_record("C3", quantity=-2, price="1.00"),
        )

        assert taken(plan) == [("1", 0, 2, 200), ("1", 0, 1, 100)]
        assert left_out(plan) == [("C3", -1, 100, UNMATCHED)]

    def test_two_rows_of_one_invoice_on_one_line_are_one_returned_line(self):
        plan = make_plan(
            make_record("1", quantity=6, price="1.00"),
            make_record("C2", quantity=-2, price="1.00"),
            make_record("C2", quantity=-1, price="0.50"),
        )

        assert taken(plan) == [("1", 0, 3, 250)]

    def test_one_invoice_over_two_orders_is_one_return_of_each(self):
        plan = make_plan(
            make_record("1", "A1", 1),
            make_record("2", "B2", 1),
            make_record("C3", "A1", -1),
            make_record("C3", "B2", -1),
        )

        assert [(entry.reference, entry.order_reference) for entry in plan.returns()] == [("C3", "1"), ("C3", "2")]


class TestRefund:
    def test_is_the_files_amount_not_the_orders_price(self):
        plan = make_plan(make_record("1", quantity=6, price="2.55"), make_record("C2", quantity=-2, price="2.10"))

        assert taken(plan) == [("1", 0, 2, 420)]

    def test_is_capped_at_what_is_still_captured_on_the_line(self):
        plan = make_plan(
            make_record("1", quantity=2, price="1.00"),
            make_record("C2", quantity=-1, price="1.50"),
            make_record("C3", quantity=-1, price="1.50"),
        )

        assert taken(plan) == [("1", 0, 1, 150), ("1", 0, 1, 50)]
        assert left_out(plan) == [("C3", -1, 100, CAPPED)]

    def test_of_a_free_line_is_nothing(self):
        plan = make_plan(make_record("1", price="0.0"), make_record("C2", quantity=-1, price="2.55"))

        assert taken(plan) == [("1", 0, 1, 0)]
        assert left_out(plan) == [("C2", -1, 255, CAPPED)]

    def test_a_split_rows_last_piece_takes_the_rest(self):
        plan = make_plan(
            make_record("1", quantity=1, price="1.00"),
            make_record("2", quantity=1, price="1.00"),
            make_record("3", quantity=1, price="1.00"),
            make_record("C4", quantity=-3, price="0.125"),
        )

        # 3 x 12.5 p is 37.5, half-even 38; two pieces of 12.5 are 12 each, so the last is 14.
        assert taken(plan) == [("3", 0, 1, 12), ("2", 0, 1, 12), ("1", 0, 1, 14)]

    def test_what_matches_nothing_takes_the_rest_of_its_row(self):
        plan = make_plan(make_record("1", quantity=1, price="1.00"), make_record("C2", quantity=-2, price="0.125"))

        assert taken(plan) == [("1", 0, 1, 12)]
        assert left_out(plan) == [("C2", -1, 13, UNMATCHED)]


QUANTITIES = st.integers(min_value=1, max_value=9)
PRICES = st.sampled_from(("0.0", "0.125", "0.85", "1.00", "2.555"))
SALES = st.tuples(st.just(1), QUANTITIES, PRICES)
RETURNS = st.tuples(st.just(-1), QUANTITIES, PRICES)
TRADES = st.lists(
    st.tuples(st.one_of(SALES, RETURNS), st.sampled_from(("", "1", "2")), st.sampled_from(("A1", "B2"))), max_size=30
)


class TestAnyTrade:
    @settings(deadline=None)
    @given(TRADES)
    def test_never_takes_back_more_than_was_sold_or_refunds_more_than_was_captured(self, trade):
        plan = planned(trade)
        units: Counter[tuple[str, int]] = Counter()
        money: Counter[tuple[str, int]] = Counter()
        for order, position, quantity, refund in taken(plan):
            units[order, position] += quantity
            money[order, position] += refund

        for order in plan.orders():
            for position, line in enumerate(order.lines):
                assert units[order.reference, position] <= line.quantity
                assert 0 <= money[order.reference, position] <= line.total

    @settings(deadline=None)
    @given(TRADES)
    def test_accounts_for_every_penny_and_unit_of_every_return_row(self, trade):
        plan = planned(trade)
        listed = [entry for entry in plan.left_out if entry.reason in (CAPPED, UNMATCHED)]

        refunded = sum(refund for *_, refund in taken(plan)) + sum(entry.amount for entry in listed)
        returned = sum(quantity for _, _, quantity, _ in taken(plan))
        unmatched = -sum(entry.quantity for entry in listed if entry.reason == UNMATCHED)

        assert refunded == sum(amount for _, amount in return_rows(trade))
        assert returned + unmatched == sum(quantity for quantity, _ in return_rows(trade))


def planned(trade):
    return make_plan(
        *(
            make_record(f"{'' if sign > 0 else 'C'}{number}", code, sign * quantity, price, customer=customer)
            for number, ((sign, quantity, price), customer, code) in enumerate(trade, start=1000)
        )
    )


def return_rows(trade):
    return [(quantity, minor_units(quantity, Decimal(price))) for (sign, quantity, price), _, _ in trade if sign < 0]
