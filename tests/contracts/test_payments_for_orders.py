"""What orders relies on at payments: one authorisation per order, by the fake and by the service itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from services.orders.clients import PaymentAnswer, Payments, PaymentsClient
from tests.fakes import FakePayments
from tests.support import ACME


@pytest.fixture(params=["fake", "real"])
def payments(request: pytest.FixtureRequest) -> Iterator[Payments]:
    if request.param == "fake":
        yield FakePayments()
        return
    app = request.getfixturevalue("real_payments")
    identity = request.getfixturevalue("identity_of")("orders")
    yield PaymentsClient(request.getfixturevalue("serve")(app), identity=identity)


def authorize(payments: Payments, **changes: Any) -> PaymentAnswer:
    standard: dict[str, Any] = {
        "order_id": "ord_1",
        "company_id": ACME,
        "amount": 2500,
        "currency": "GBP",
        "token": "tok_ok",
    }
    return payments.authorize(**(standard | changes))


class TestAuthorizations:
    def test_have_a_payment(self, payments: Payments) -> None:
        answer = authorize(payments)
        assert (answer.status, answer.reason) == ("authorized", None)
        assert (answer.payment_id or "").startswith("pay_")

    def test_are_one_per_order_however_often_they_are_repeated(self, payments: Payments) -> None:
        assert authorize(payments) == authorize(payments)
        assert authorize(payments).payment_id != authorize(payments, order_id="ord_2").payment_id

    def test_that_are_declined_say_why_and_stay_so(self, payments: Payments) -> None:
        for _ in range(2):
            answer = authorize(payments, token="tok_declined")
            assert (answer.status, answer.reason) == ("declined", "card_declined")

    def test_of_another_amount_are_declined(self, payments: Payments) -> None:
        authorize(payments)
        assert authorize(payments, amount=2600) == PaymentAnswer("declined", None, "payment-differs")


class TestComparison:
    def test_shows_what_was_captured_of_the_orders_that_have_a_payment(self, payments: Payments) -> None:
        authorize(payments)

        known = payments.compare(["ord_1", "ord_2"])

        assert [(each.order_id, each.captured_amount, each.refunded_amount) for each in known.items] == [
            ("ord_1", 0, 0)
        ]
