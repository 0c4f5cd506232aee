"""Placing an order when products or payments is slow or times out, and when our own process crashes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.orders.checkout import saga
from services.orders.errors import Shortage
from services.orders.orders.documents import Order
from shared.base import deadline
from shared.base.clock import now
from shared.data.encrypted_events import from_outbox
from tests.factories.orders import announced
from tests.fakes import ProcessKilled, timeout_of

STOCK = ("reserve", "products")
MONEY = ("authorize", "payments")


@pytest.fixture
def upstreams(products, payments):
    return {"products": products, "payments": payments}


def the_order():
    return Order.objects.get()


class TestUpstreamTimeouts:
    def test_records_nothing_without_prices(self, place, products):
        products.faults.plan("prices", timeout_of("products"))

        response = place()

        assert response.status_code == 503
        assert response.headers["Retry-After"]
        assert Order.objects.count() == 0

    @pytest.mark.parametrize(("call", "service", "status"), [(*STOCK, "placed"), (*MONEY, "pending_payment")])
    @pytest.mark.parametrize("is_done", [False, True], ids=["request lost", "answer lost"])
    def test_answers_202_and_finishes_later(
        self, place, upstreams, sweep, payments, products, call, service, status, is_done
    ):
        upstreams[service].faults.plan(call, timeout_of(service), is_done=is_done)

        response = place()
        assert (response.status_code, response.json["status"]) == (202, status)

        sweep(after=4)
        order = the_order()
        assert order.status == "confirmed"
        assert announced(order) == ["order_confirmed"]
        assert payments.charges == 1
        assert products.held == {order.id: {"BOLT": 10}}

    @pytest.mark.parametrize(("token", "is_awaited"), [("tok_slow", True), ("tok_declined", False)])
    def test_publishes_whether_the_buyer_of_a_refused_order_was_told_to_wait(
        self, place, sweep, payments, token, is_awaited
    ):
        place(payment={"method": "card", "token": token})
        if is_awaited:
            payments.payments[the_order().id]["status"] = "declined"
            sweep(after=4)

        (event,) = [from_outbox("orders", each).fields for each in the_order().outbox]
        assert (event["was_refused"], event["was_awaited"]) == (True, is_awaited)

    def test_answers_before_the_deadline_when_payments_is_slow(self, place, payments):
        payments.faults.delays["authorize"] = 0.3
        payments.faults.plan("authorize", timeout_of("payments"))

        response = place(headers={"X-Deadline-Ms": "1000"})

        assert (response.status_code, response.json["status"]) == (202, "pending_payment")

    def test_records_nothing_after_the_deadline(self, place, products):
        products.faults.delays["prices"] = 0.3

        response = place(headers={"X-Deadline-Ms": "250"})

        assert response.status_code == 503
        assert Order.objects.count() == 0

    def test_waits_for_a_payment_that_is_not_decided(self, place, sweep, payments, products):
        response = place(payment={"method": "card", "token": "tok_slow"})
        order = the_order()
        assert (response.status_code, order.status, order.payment_id) == (202, "pending_payment", "pay_1")

        sweep(after=60)
        assert the_order().status == "pending_payment"
        assert products.held[order.id]

        payments.payments[order.id]["status"] = "authorized"
        sweep(after=60)
        assert the_order().status == "confirmed"
        assert payments.charges == 1

    def test_retries_payments_less_and_less_often(self, place, sweep, payments):
        place(payment={"method": "card", "token": "tok_slow"})

        for _ in range(60):
            sweep(after=5)

        assert 4 <= payments.faults.calls.count("authorize") <= 8

    def test_refuses_the_order_when_payments_never_decides(self, place, sweep, products):
        place(payment={"method": "card", "token": "tok_slow"}, reference="PO-7")

        sweep(after=3601)

        order = the_order()
        assert (order.status, order.status_reason) == ("refused", "payment_unanswered")
        assert announced(order) == ["order_cancelled"]
        assert products.held == {}
        assert place(reference="PO-7").status_code == 201

    def test_refuses_the_order_when_products_never_answers(self, place, sweep, products, payments):
        products.faults.plan("reserve", timeout_of("products"), times=100)
        place()

        sweep(after=901)

        assert (the_order().status, the_order().status_reason) == ("refused", "stock_unanswered")
        assert payments.charges == 0

    def test_refuses_later_what_turned_out_short(self, place, sweep, products):
        products.faults.plan("reserve", timeout_of("products"))
        place()
        products.on_hand["BOLT"] = 3

        sweep(after=60)

        order = the_order()
        assert (order.status, order.status_reason) == ("refused", "out_of_stock")
        assert order.shortages == [Shortage("BOLT", requested=10, available=3)]

    def test_one_broken_order_does_not_stop_the_others(self, place, sweep, products, payments):
        products.faults.plan("reserve", timeout_of("products"), times=2)
        place()
        place()
        products.faults.plan("reserve", RuntimeError("a bug"))

        sweep(after=60)
        assert sorted(order.status for order in Order.objects) == ["confirmed", "placed"]
        sweep(after=5)
        assert products.faults.calls.count("reserve") == 4

        sweep(after=60)
        assert [order.status for order in Order.objects] == ["confirmed", "confirmed"]
        assert payments.charges == 2

    def test_a_sweep_beyond_its_deadline_leaves_the_rest_to_the_next(self, place, products, app, hold_clock):
        products.faults.plan("reserve", timeout_of("products"))
        place()
        hold_clock(now() + timedelta(seconds=60))

        with app.app_context(), deadline.start(0):
            swept = saga.sweep_due_orders()

        assert (swept, the_order().attempts, the_order().status) == (0, 0, "placed")


class TestCrash:
    """At whatever step the process crashes, the order has one end, one reservation and one charge."""

    POINTS = [(*STOCK, False), (*STOCK, True), (*MONEY, False), (*MONEY, True)]

    @pytest.mark.parametrize(("call", "service", "is_done"), POINTS)
    @pytest.mark.parametrize(("token", "status"), [("tok_ok", "confirmed"), ("tok_declined", "refused")])
    def test_the_sweeper_ends_it(
        self, place, upstreams, sweep, products, payments, call, service, is_done, token, status
    ):
        upstreams[service].faults.plan(call, ProcessKilled(), is_done=is_done)

        with pytest.raises(ProcessKilled):
            place(payment={"method": "card", "token": token})
        assert the_order().is_undecided

        sweep(after=60)
        order = the_order()
        assert order.status == status
        assert len(announced(order)) == 1
        assert payments.charges == 1
        assert order.card_token is None

        sweep(after=3600)
        assert products.held == ({order.id: {"BOLT": 10}} if status == "confirmed" else {})

    @pytest.mark.parametrize(("call", "service", "is_done"), POINTS)
    def test_the_buyer_tries_again_with_the_same_key(
        self, place, upstreams, payments, hold_clock, sweep, call, service, is_done
    ):
        upstreams[service].faults.plan(call, ProcessKilled(), is_done=is_done)
        key = {"Idempotency-Key": "one"}
        with pytest.raises(ProcessKilled):
            place(headers=key)

        assert place(headers=key).status_code == 409
        sweep(after=60)

        again = place(headers=key)
        assert (again.status_code, again.json["status"]) == (201, "confirmed")
        assert again.json["id"] == the_order().id
        assert payments.charges == 1

    def test_a_retry_after_the_lease_runs_the_saga(self, place, payments, hold_clock):
        payments.faults.plan("authorize", ProcessKilled(), is_done=True)
        key = {"Idempotency-Key": "one"}
        with pytest.raises(ProcessKilled):
            place(headers=key)
        hold_clock(now() + timedelta(seconds=60))

        assert place(headers=key).status_code == 201
        assert payments.charges == 1

    def test_the_sweeper_may_crash_too(self, place, sweep, payments):
        payments.faults.plan("authorize", ProcessKilled())
        payments.faults.plan("authorize", ProcessKilled(), is_done=True)
        with pytest.raises(ProcessKilled):
            place()
        with pytest.raises(ProcessKilled):
            sweep(after=60)

        sweep(after=60)
        assert the_order().status == "confirmed"
        assert payments.charges == 1


class TestStrayReservations:
    def test_are_released_unless_an_order_needs_them(self, place, sweep, products, buyer):
        kept, cancelled = place().json["id"], place().json["id"]
        buyer.post(f"/v1/orders/{cancelled}/cancellation", json={"reason": "typo"})
        for order_id in ("ord_unknown", "ord_unknown2", "ord_unknown3"):
            products.reserve(order_id, {"BOLT": 1})

        sweep(after=300)
        assert len(products.held) == 5

        sweep(after=400)
        assert set(products.held) == {kept}
