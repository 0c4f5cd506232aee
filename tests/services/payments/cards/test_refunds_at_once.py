"""A refund by staff and a refund of a return on one payment at once: whatever the order, no money goes back twice."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import permutations
from threading import Barrier, Event

import pytest

from services.payments.payments.documents import Payment
from shared.base.clock import now
from shared.data.version_conflicts import retry_on_version_conflict
from tests.factories.payments import Payments
from tests.support import Api

CAPTURED = 1000


@pytest.fixture
def payment_id(orders_side: Payments) -> str:
    return orders_side.captured(amount=CAPTURED)


@pytest.fixture
def by_staff(admin: Api, payment_id: str) -> Callable[[int], int]:
    """Refund an amount as staff do and return the status of the answer."""
    body = {"currency": "GBP"}
    path = f"/v1/payments/{payment_id}/refunds"
    return lambda amount: admin.post(path, json={"amount": {"amount": amount} | body, "reference": "r1"}).status_code


@pytest.fixture
def by_return(orders_side: Payments, payment_id: str) -> Callable[[int], None]:
    """Deliver a return as the worker does: again after a version conflict."""
    return lambda amount: retry_on_version_conflict(orders_side.give_back)(payment_id, amount)


def refunded(orders_side: Payments, payment_id: str) -> int:
    """Return what went back, which payment, processor and events must agree on."""
    payment = Payment.get(payment_id)
    announced = [each["amount"] for each in orders_side.events(payment_id) if each["name"].endswith("refunded.v1")]
    assert payment.refunded_amount == orders_side.moved()["refunded_amount"] == sum(announced)
    return payment.refunded_amount


@pytest.mark.parametrize("order", list(permutations(["staff", "return", "jobs"])), ids=" ".join)
class TestOneAfterTheOther:
    def test_both_are_made_when_both_fit(self, orders_side, payment_id, by_staff, by_return, order):
        steps = {"staff": lambda: by_staff(300), "return": lambda: by_return(250), "jobs": orders_side.run_jobs}
        for name in order:
            steps[name]()
        orders_side.run_jobs()

        assert refunded(orders_side, payment_id) == 550
        assert Payment.get(payment_id).status == "partially_refunded"

    def test_the_first_is_made_when_one_fits(self, orders_side, payment_id, by_staff, by_return, order):
        steps = {"staff": lambda: by_staff(800), "return": lambda: by_return(300), "jobs": orders_side.run_jobs}
        answers = {name: steps[name]() for name in order}
        orders_side.run_jobs()

        is_staff_first = order.index("staff") < order.index("return")
        assert answers["staff"] == (201 if is_staff_first else 422)
        assert refunded(orders_side, payment_id) == (800 if is_staff_first else 300)


class TestAtTheSameMoment:
    def test_a_return_recorded_while_the_processor_refunds_for_staff(
        self, orders_side, sandbox, receiver, payment_id, by_staff, by_return
    ):
        receiver.wait_for(2)

        def meanwhile(headers: dict[str, str], body: str) -> int:
            receiver.forward = None
            by_return(250)
            return 204

        receiver.forward = meanwhile
        sandbox.arm("refund", "webhook_first")
        assert by_staff(300) == 201
        orders_side.run_jobs()

        assert refunded(orders_side, payment_id) == 550

    def test_a_refund_that_was_made_is_never_a_conflict(
        self, orders_side, sandbox, receiver, payment_id, by_staff, hold_clock
    ):
        """Others change the payment all the time while its outcome is recorded: the refund is pending, not refused."""
        receiver.wait_for(2)
        stopped = Event()

        def hammer() -> None:
            while not stopped.is_set():
                Payment.collection().update_one({"_id": payment_id}, {"$inc": {"version": 1}})

        with ThreadPoolExecutor(4) as pool:

            def meanwhile(headers: dict[str, str], body: str) -> int:
                receiver.forward = None
                for _ in range(4):
                    pool.submit(hammer)
                return 204

            receiver.forward = meanwhile
            sandbox.arm("refund", "webhook_first")
            answer = by_staff(300)
            stopped.set()

        assert answer == 201
        hold_clock(now() + timedelta(minutes=1))
        orders_side.sweep()
        assert refunded(orders_side, payment_id) == 300

    @pytest.mark.parametrize(("staff", "returned", "sums"), [(300, 250, {550}), (800, 300, {800, 300})])
    def test_two_threads(self, orders_side, payment_id, by_staff, by_return, staff, returned, sums):
        barrier = Barrier(2)

        def run(step: Callable[[int], int | None], amount: int) -> int | None:
            barrier.wait()
            return step(amount)

        with ThreadPoolExecutor(2) as pool:
            answer = pool.submit(run, by_staff, staff)
            pool.submit(run, by_return, returned).result()
        orders_side.run_jobs()

        assert answer.result() in {201, 422}
        assert refunded(orders_side, payment_id) in sums
