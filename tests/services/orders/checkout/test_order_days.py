"""`ordered_on`: which days a buyer and staff may give."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from services.orders.orders.documents import Order

NOON = datetime(2026, 11, 28, 12, 30, tzinfo=UTC)  # the 29th in Kiribati, the 28th on Baker Island
EARLY = datetime(2026, 11, 28, 1, 0, tzinfo=UTC)  # the 27th on Baker Island


class TestOrderedOn:
    @pytest.fixture(autouse=True)
    def _at_noon(self, app, hold_clock):
        hold_clock(NOON)

    @pytest.mark.parametrize("day", ["2026-11-27", "2026-11-28", "2026-11-29", "2026-11-30"])
    def test_of_a_buyer_is_today_or_a_day_beside_it_in_any_zone(self, place, day):
        response = place(ordered_on=day)

        assert (response.status_code, response.json["ordered_on"]) == (201, day)

    @pytest.mark.parametrize("day", ["0001-01-01", "2025-11-28", "2026-11-26", "2026-12-01", "9999-12-31"])
    def test_of_a_buyer_is_no_other_day(self, place, day):
        response = place(ordered_on=day)

        assert response.status_code == 422
        [error] = response.json["errors"]
        assert error["pointer"] == "/ordered_on"
        assert "2026-11-27 to 2026-11-30" in error["detail"]
        assert Order.objects.count() == 0

    @pytest.mark.parametrize("day", ["20261128", "2026-W48-6", "2026-11-28T12:00", " 2026-11-28", 20261128])
    def test_is_written_in_one_way(self, place, day):
        response = place(ordered_on=day)

        assert response.status_code == 422
        assert [error["pointer"] for error in response.json["errors"]] == ["/ordered_on"]

    def test_of_a_buyer_may_be_two_days_ago_while_yesterday_lasts_somewhere(self, place, hold_clock):
        hold_clock(EARLY)

        assert place(ordered_on="2026-11-26").status_code == 201

    @pytest.mark.parametrize("day", ["0001-01-01", "2010-12-01", "2026-11-28", "2026-11-29"])
    def test_of_staff_is_any_day_that_has_begun_somewhere(self, place, rep, day):
        assert place(client=rep, ordered_on=day).json["ordered_on"] == day

    @pytest.mark.parametrize("day", ["2026-11-30", "9999-12-31"])
    def test_of_staff_is_not_in_the_future(self, place, rep, day):
        response = place(client=rep, ordered_on=day)

        assert response.status_code == 422
        [error] = response.json["errors"]
        assert error["pointer"] == "/ordered_on"
        assert "2026-11-29" in error["detail"]

    def test_is_today_unless_it_is_given(self, place):
        assert place().json["ordered_on"] == date(2026, 11, 28).isoformat()

    @pytest.mark.parametrize("day", ["", "28.11.2026", "2026-02-30", "2026-11-28T12:00:00Z", 20261128])
    def test_is_a_day(self, place, day):
        response = place(ordered_on=day)

        assert response.status_code == 422
        assert response.json["errors"][0]["pointer"] == "/ordered_on"
