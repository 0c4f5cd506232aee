"""How long a transaction waits for its next attempt, and which key a refund has."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.payments.transactions import rules


class TestRetryDelay:
    def test_doubles_up_to_ten_minutes(self):
        delays = [rules.retry_delay(attempts) for attempts in (1, 2, 3, 100)]

        assert delays == [timedelta(seconds=40), timedelta(seconds=80), timedelta(seconds=160), timedelta(minutes=10)]


@pytest.mark.parametrize(
    ("cause", "key"),
    [
        ({"return_id": "ret_1"}, "refund:return:ret_1"),
        ({"reference": "goodwill", "idempotency_key": "k"}, "refund:reference:goodwill"),
        ({"reference": None, "idempotency_key": "k"}, "refund:key:k"),
    ],
)
def test_a_refund_has_one_key_per_cause(cause, key):
    assert rules.refund_key(**cause) == key
