"""The table of states of a payment: complete, reachable, and what each state allows."""

from __future__ import annotations

import pytest

from services.payments.payments import rules
from services.payments.payments.rules import STATES, PaymentAction, PaymentStatus
from services.payments.transactions.rules import TransactionKind


class TestStates:
    @pytest.mark.parametrize("status", PaymentStatus)
    def test_every_status_has_a_row(self, status):
        assert status in STATES

    @pytest.mark.parametrize("kind", TransactionKind)
    def test_every_kind_of_transaction_is_an_action(self, kind):
        assert kind in rules.ACTION_OF

    def test_every_status_is_reached_from_pending(self):
        reached, new = set(), {PaymentStatus.PENDING}
        while new:
            reached |= new
            new = {each for status in new for after in STATES[status].values() for each in after if each} - reached

        assert reached == set(PaymentStatus)


class TestNextStatus:
    @pytest.mark.parametrize(
        ("status", "action", "captured", "refunded", "after"),
        [
            ("pending", "authorize", 0, 0, "authorized"),
            ("pending", "decline", 0, 0, "declined"),
            ("authorized", "void", 0, 0, "voided"),
            ("authorized", "capture", 99, 0, "partially_captured"),
            ("authorized", "capture", 100, 0, "captured"),
            ("partially_captured", "capture", 99, 0, "partially_captured"),
            ("partially_captured", "capture", 100, 0, "captured"),
            ("partially_captured", "refund", 40, 40, "refunded"),
            ("captured", "refund", 100, 1, "partially_refunded"),
            ("captured", "refund", 100, 100, "refunded"),
            ("partially_refunded", "refund", 100, 100, "refunded"),
            ("partially_refunded", "capture", 100, 1, "partially_refunded"),
            ("refunded", "capture", 100, 40, "partially_refunded"),
            ("authorized", "release", 0, 0, "authorized"),
            ("partially_captured", "release", 99, 0, "partially_captured"),
            ("partially_captured", "release", 100, 0, "captured"),
            ("partially_refunded", "release", 100, 40, "partially_refunded"),
        ],
    )
    def test_follows_the_money(self, status, action, captured, refunded, after):
        found = rules.next_status(
            PaymentStatus(status), PaymentAction(action), amount=100, captured=captured, refunded=refunded
        )

        assert found == after

    @pytest.mark.parametrize("action", PaymentAction)
    def test_of_a_declined_payment_is_declined(self, action):
        assert rules.next_status(PaymentStatus.DECLINED, action, amount=1, captured=0, refunded=0) == "declined"


class TestAllowedActions:
    @pytest.mark.parametrize(
        ("status", "refundable", "allowed"),
        [
            ("pending", 0, []),
            ("authorized", 0, []),
            ("partially_captured", 40, ["refund"]),
            ("partially_captured", 0, []),
            ("captured", 100, ["refund"]),
            ("captured", 0, []),
            ("partially_refunded", 99, ["refund"]),
            ("partially_refunded", 0, []),
            ("refunded", 0, []),
            ("declined", 0, []),
            ("voided", 0, []),
        ],
    )
    def test_offer_a_refund_while_something_is_refundable(self, status, refundable, allowed):
        assert rules.allowed_actions(PaymentStatus(status), refundable=refundable) == allowed
