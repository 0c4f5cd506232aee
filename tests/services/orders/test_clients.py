"""Products and payments over HTTP: what each refusal means to an order; the rest is in tests/contracts."""

from __future__ import annotations

import pytest

from services.orders.clients import PaymentAnswer, PaymentsClient, ProductsClient
from services.orders.orders.rules import SkuQuantity
from shared.calls.service_client import UpstreamUnavailable
from tests.shared.faulty_server import Reply
from tests.shared.upstreams import server, start_server  # noqa: F401

PAYMENT = {"order_id": "ord_1", "company_id": "cmp_1", "amount": 25, "currency": "GBP", "token": "tok_ok"}


def problem(status, kind, **members):
    body = {"type": f"/problems/{kind}", "title": kind, "status": status, **members}
    return Reply(status, body, {"Content-Type": "application/problem+json"})


@pytest.fixture
def products(server):  # noqa: F811
    return ProductsClient(server.url)


@pytest.fixture
def payments(server):  # noqa: F811
    return PaymentsClient(server.url)


class TestProducts:
    @pytest.mark.parametrize("status", [401, 404, 409, 422])
    def test_any_other_refusal_means_unavailable(self, products, server, status):  # noqa: F811
        server.queue.append(problem(status, "something-else"))

        with pytest.raises(UpstreamUnavailable):
            products.reserve("ord_1", {"A": 3})

    @pytest.mark.parametrize("status", [401, 403, 404, 422])
    def test_a_refusal_of_prices_means_unavailable(self, products, server, status):  # noqa: F811
        server.queue.append(problem(status, "unauthorized"))

        with pytest.raises(UpstreamUnavailable):
            products.prices([SkuQuantity("A", 1)])

    def test_reserves_again_when_the_answer_was_lost(self, products, server):  # noqa: F811
        server.queue += [Reply(hang_up=True), Reply(body={"line_items": []})]

        products.reserve("ord_1", {"A": 3})

        assert [each.target for each in server.received] == ["/internal/v1/reservations/ord_1"] * 2


class TestPayments:
    def test_returns_a_payment_that_is_pending(self, payments, server):  # noqa: F811
        server.queue.append(Reply(body={"payment_id": "pay_1", "status": "pending", "reason": None}))

        assert payments.authorize(**PAYMENT) == PaymentAnswer("pending", "pay_1", None)
        assert server.received[0].json() == {
            "order_id": "ord_1",
            "company_id": "cmp_1",
            "amount": {"amount": 25, "currency": "GBP"},
            "token": "tok_ok",
        }

    @pytest.mark.parametrize("status", [402, 409, 422])
    def test_a_refusal_of_this_payment_is_a_decline(self, payments, server, status):  # noqa: F811
        server.queue.append(problem(status, "payment-differs"))

        assert payments.authorize(**PAYMENT) == PaymentAnswer("declined", None, "payment-differs")

    def test_a_version_conflict_at_payments_is_no_decline(self, payments, server):  # noqa: F811
        server.queue.append(problem(409, "version-conflict"))

        with pytest.raises(UpstreamUnavailable):
            payments.authorize(**PAYMENT)

    @pytest.mark.parametrize("status", [401, 403, 404])
    def test_a_refusal_of_our_call_means_unavailable(self, payments, server, status):  # noqa: F811
        server.queue.append(problem(status, "forbidden"))

        with pytest.raises(UpstreamUnavailable):
            payments.authorize(**PAYMENT)
