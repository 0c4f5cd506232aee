"""Payments restored from an older copy is found beside its processor, and refunds nothing twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from services.payments import jobs
from services.payments.comparison.operations import compare_with_processor
from services.payments.payments.documents import Payment
from shared.base.ids import new_id
from shared.data.older_copies import older_copies, resume
from tests.services.payments.cards.test_refund_payment import refund


@pytest.fixture
def restore(payments_app) -> Callable[[list[dict[str, Any]]], None]:
    def put_back(documents: list[dict[str, Any]]) -> None:
        Payment.collection().delete_many({})
        if documents:
            Payment.collection().insert_many(documents)

    return put_back


def stored() -> list[dict[str, Any]]:
    return list(Payment.collection().find())


def compared(app) -> list[str]:
    with app.app_context():
        return compare_with_processor()


def test_finds_nothing_while_both_know_the_same(orders_side, payments_app, admin):
    refund(admin, orders_side.captured(), 300)

    assert compared(payments_app) == []


def test_finds_a_payment_that_was_lost(orders_side, payments_app, restore):
    orders_side.authorized("ord_1")
    before = stored()
    orders_side.authorized("ord_2")
    restore(before)

    assert compared(payments_app) == ["ord_2"]


def test_leaves_out_what_an_operator_settled(orders_side, payments_app, restore):
    before = stored()
    lost = new_id("ord")
    orders_side.authorized(lost)
    restore(before)
    assert compared(payments_app) == [lost]

    resume("payments")
    assert compared(payments_app) == []

    later = new_id("ord")
    before = stored()
    orders_side.authorized(later)
    restore(before)
    assert compared(payments_app) == [later]


def test_finds_a_refund_that_was_lost_and_makes_no_second(orders_side, payments_app, admin, restore):
    payment_id = orders_side.captured(amount=1000)
    before = stored()
    refund(admin, payment_id, 300)
    restore(before)

    assert compared(payments_app) == ["ord_1"]

    refused = refund(admin, payment_id, 300)
    assert (refused.status_code, refused.json["type"]) == (503, "/problems/older-copy-found")
    assert orders_side.moved()["refunded_amount"] == 300


def test_goes_on_once_an_operator_has_resumed(orders_side, payments_app, admin, restore):
    payment_id = orders_side.captured(amount=1000)
    before = stored()
    refund(admin, payment_id, 300)
    restore(before)
    compared(payments_app)

    with payments_app.app_context():
        jobs.resume_after_restore()
        assert older_copies("payments") == []

    assert stored()[0]["version"] > before[0]["version"] + 1000
