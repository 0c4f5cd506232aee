"""The replay against a small platform that loses answers, is busy, and is left in the middle."""

from __future__ import annotations

import io
from contextlib import contextmanager

import pytest

from tests.factories.fake_gateway import FakeGateway
from tests.factories.fake_platform import FakePlatform
from tests.factories.trade import make_plan, make_record, make_trade
from tools.replay.api import Api, Stopped
from tools.replay.options import Options
from tools.replay.progress import Progress
from tools.replay.run import Replay

TRADE = make_trade()


@contextmanager
def reached(platform, **options):
    gateway = FakeGateway(platform)
    api = Api(gateway.url, connections=4, **options)
    try:
        yield api
    finally:
        api.close()
        gateway.stop()


def replay(platform, *records, patience_seconds=5.0, stop_at=None):
    """Run a trade once; `stop_at` is the number of the request at which somebody presses Ctrl-C."""
    with reached(platform) as api:

        def press_ctrl_c(number):
            if number == stop_at:
                api.stopping.set()

        platform.on_request = press_ctrl_c
        options = Options(threads=3, patience_seconds=patience_seconds, ask_again_seconds=0.01)
        return Replay(api, make_plan(*(records or TRADE)), Progress(io.StringIO()), options).run()


def assert_nothing_twice(platform):
    assert {effect: times for effect, times in platform.effects.items() if times > 1} == {}


class TestReplay:
    def test_reconciles_to_the_penny(self):
        platform = FakePlatform()

        outcome = replay(platform)

        assert outcome.failures == []
        assert outcome.is_equal
        first, second = outcome.reconciliation.platform_days.values()
        assert (first.orders, first.lines, first.units, first.ordered) == (3, 6, 32, 1530 + 1020 + 4068 + 1800 + 1110)
        assert (second.orders, second.refunded) == (2, 5 * 255 + 3 * 255 + 185)
        assert first.captured == first.ordered

    def test_keys_every_order_for_its_company(self):
        platform = FakePlatform()

        replay(platform)

        names = {company["id"]: company["name"] for company in platform.companies.values()}
        assert {order["reference"]: names[order["company_id"]] for order in platform.orders.values()} == {
            "536365": "Company 17850",
            "536366": "Company 13047",
            "536367": "Counter sales",
            "536368": "Company 17850",
            "536374": "Company 13047",
        }

    def test_waits_for_the_capture_before_the_return(self):
        platform = FakePlatform(captures_after=3)

        assert replay(platform).is_equal

    def test_names_what_the_platform_never_captured(self):
        platform = FakePlatform(captures_after=1_000_000)

        outcome = replay(platform, patience_seconds=0.5)

        assert not outcome.is_equal
        assert {failure.reference for failure in outcome.failures} == {"C536369", "C536370"}
        assert ("17850", "536365") in outcome.reconciliation.differences

    def test_names_what_was_cancelled_of_an_order_and_does_not_wait_for_its_capture(self):
        platform = FakePlatform()
        replay(platform, *TRADE[:4])
        order = next(each for each in platform.orders.values() if each["reference"] == "536365")
        order |= {
            "status": "partially_cancelled",
            "cancelled_total": {"amount": 30, "currency": "GBP"},
            "captured_total": {"amount": order["total"]["amount"] - 30, "currency": "GBP"},
        }
        platform.forget_keys()

        outcome = replay(platform, *TRADE[:4], patience_seconds=60.0)

        assert outcome.failures == []
        assert list(outcome.reconciliation.differences) == [("17850", "536365")]

    def test_sees_an_order_that_is_not_in_the_file(self):
        platform = FakePlatform()
        replay(platform)

        outcome = replay(platform, *TRADE[4:])

        assert outcome.failures == []
        assert [key for key, (file, _) in outcome.reconciliation.differences.items() if file is None] == [
            ("17850", "536365")
        ]

    def test_survives_months_with_long_invoices_and_fractions_of_a_penny(self):
        long_invoice = [make_record("581219", f"{20000 + n}", 1 + n % 3, "0.125") for n in range(1114)]
        odd_rows = [make_record("A563185", "B", 1, "11062.06", customer=""), make_record("581220", "B", 1, "-11062.06")]
        returned = [make_record("C581221", "20000", -1, "0.125")]

        outcome = replay(FakePlatform(), *long_invoice, *odd_rows, *returned)

        assert outcome.is_equal
        assert outcome.reconciliation.file_days["2010-12-01"].lines == 1114


class TestStock:
    def test_is_raised_where_the_platform_has_too_little(self):
        platform = FakePlatform()
        replay(platform, *TRADE[:4])
        platform.forget_keys()

        outcome = replay(platform)

        assert outcome.is_equal
        assert platform.effects["import", "85123A"] == 1
        assert platform.products["85123A"]["on_hand"] == 15

    def test_is_left_alone_where_everything_is_placed(self):
        platform = FakePlatform()
        replay(platform)
        before = {sku: dict(product) for sku, product in platform.products.items()}

        replay(platform)

        assert platform.products == before

    def test_fees_have_none(self):
        platform = FakePlatform()

        replay(platform)

        assert {sku for sku, product in platform.products.items() if not product["is_stocked"]} == {"POST", "D"}


class TestDoesNothingTwice:
    @pytest.mark.parametrize("fault", ["drop", "busy", "expired"])
    def test_when_answers_fail(self, fault):
        platform = FakePlatform(faults=dict.fromkeys(range(5, 60, 4), fault))

        outcome = replay(platform)

        assert outcome.is_equal
        assert_nothing_twice(platform)

    @pytest.mark.parametrize("stop_at", [3, 8, 14, 20, 23, 26, 29, 32])
    def test_when_stopped_and_started_again_the_next_day(self, stop_at):
        platform = FakePlatform()
        with pytest.raises(Stopped):
            replay(platform, stop_at=stop_at)
        platform.forget_keys()

        outcome = replay(platform)

        assert outcome.is_equal
        assert_nothing_twice(platform)

    @pytest.mark.parametrize("killed_at", [11, 13, 17, 19, 21, 24, 27, 30])
    def test_when_killed_before_an_answer_came(self, killed_at):
        platform = FakePlatform(faults={killed_at: "drop"})
        with pytest.raises(Stopped):
            replay(platform, stop_at=killed_at)
        platform.forget_keys()

        outcome = replay(platform)

        assert outcome.is_equal
        assert_nothing_twice(platform)

    def test_when_run_to_the_end_twice(self):
        platform = FakePlatform()
        replay(platform)
        platform.forget_keys()
        effects = dict(platform.effects)

        outcome = replay(platform)

        assert outcome.is_equal
        assert platform.effects == effects
