"""How a payment stands, how long to wait, and whose address a URL is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.payments import rules


class TestStatus:
    @pytest.mark.parametrize(
        ("captured", "refunded", "status"),
        [
            (0, 0, "authorized"),
            (99, 0, "partially_captured"),
            (100, 0, "captured"),
            (100, 1, "partially_refunded"),
            (100, 100, "refunded"),
            (40, 40, "refunded"),
        ],
    )
    def test_follows_the_money(self, captured, refunded, status):
        assert rules.status_of(100, captured=captured, refunded=refunded) == status


class TestRetryDelay:
    def test_doubles_up_to_ten_minutes(self):
        delays = [rules.retry_delay(attempts) for attempts in (1, 2, 3, 100)]

        assert delays == [timedelta(seconds=40), timedelta(seconds=80), timedelta(seconds=160), timedelta(minutes=10)]


def test_decline_labels_stay_few():
    assert rules.decline_label("insufficient_funds") == "insufficient_funds"
    assert rules.decline_label("made_up_by_somebody") == "other"
