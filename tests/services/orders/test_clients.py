"""Products and payments over HTTP: what is sent, and what each answer means to an order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from services.orders.clients import PaymentAnswer, PaymentsClient, ProductsClient, Reservation, ReservationPage
from services.orders.errors import OutOfStock, Shortage
from services.orders.orders.rules import Offer, SkuQuantity
from shared.base.money import UnitPrice
from shared.calls.service_client import UpstreamUnavailable
from tests.shared.faulty_server import Reply
from tests.shared.upstreams import server, start_server  # noqa: F401

PAYMENT = {"order_id": "ord_1", "company_id": "cmp_1", "amount": 25, "currency": "GBP", "token": "tok_ok"}


def problem(status, kind, **members):
    body = {"type": f"/problems/{kind}", "title": kind, "status": status, **members}
    return Reply(status, body, {"Content-Type": "application/problem+json"})


def offered(sku: str, **changes: Any) -> dict[str, Any]:
    """Return what products answers of one line."""
    return {
        "sku": sku,
        "name": f"Product {sku}",
        "unit_price": {"amount": "12.5", "currency": "GBP"},
        "is_stocked": True,
        "available": 7,
        "is_active": True,
    } | changes


@pytest.fixture
def products(server):  # noqa: F811
    return ProductsClient(server.url)


@pytest.fixture
def payments(server):  # noqa: F811
    return PaymentsClient(server.url)


class TestProducts:
    def test_returns_offers_line_by_line_and_none_for_unknown_skus(self, products, server):  # noqa: F811
        items = [offered("A"), offered("A", is_stocked=False, available=None), offered("B", is_active=False)]
        server.queue.append(Reply(body={"items": items, "unknown": ["X"]}))
        lines = [SkuQuantity(sku, 1) for sku in ("A", "X", "A", "B")]

        offers = products.prices(lines)

        price = UnitPrice(Decimal("12.5"), "GBP")
        assert offers == [
            Offer("Product A", price, is_active=True, available=7),
            None,
            Offer("Product A", price, is_active=True, available=None),
            Offer("Product B", price, is_active=False, available=7),
        ]
        assert server.received[0].target == "/internal/v1/prices"
        assert server.received[0].json()["line_items"][1] == {"sku": "X", "quantity": 1}

    def test_reserves_under_the_orders_id(self, products, server):  # noqa: F811
        server.queue.append(Reply(body={"line_items": []}))

        products.reserve("ord_1", {"A/B": 3})

        assert (server.received[0].method, server.received[0].target) == ("PUT", "/internal/v1/reservations/ord_1")
        assert server.received[0].json() == {"line_items": [{"sku": "A/B", "quantity": 3}]}

    def test_raises_the_shortages(self, products, server):  # noqa: F811
        shortages = [{"sku": "A", "requested": 3, "available": 1}]
        server.queue.append(problem(409, "out-of-stock", shortages=shortages))

        with pytest.raises(OutOfStock) as refusal:
            products.reserve("ord_1", {"A": 3})
        assert refusal.value.shortages == [Shortage("A", requested=3, available=1)]
        assert refusal.value.extra["shortages"] == shortages

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

    def test_releases_and_lists_reservations(self, products, server):  # noqa: F811
        held = {"order_id": "ord_1", "reserved_at": "2026-01-04T00:00:00.000Z"}
        server.queue += [Reply(204, None), Reply(body={"items": [held], "next_cursor": None})]

        products.release("ord_1")
        page = products.reservations(before="2026-01-05T00:00:00+00:00", cursor=None)

        assert page == ReservationPage([Reservation("ord_1")], None)
        assert [each.method for each in server.received] == ["DELETE", "GET"]
        assert server.received[1].target == "/internal/v1/reservations?before=2026-01-05T00%3A00%3A00%2B00%3A00"


class TestPayments:
    @pytest.mark.parametrize("status", ["authorized", "declined", "pending"])
    def test_returns_the_status_of_the_payment(self, payments, server, status):  # noqa: F811
        server.queue.append(Reply(body={"payment_id": "pay_1", "status": status, "reason": None}))

        assert payments.authorize(**PAYMENT) == PaymentAnswer(status, "pay_1", None)
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
