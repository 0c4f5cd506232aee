"""The bulkhead's queue: who waits, who is served first, and who is refused at once."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import pytest

from shared.calls.bulkhead import Bulkhead

BROWSE, NORMAL, CHECKOUT = 0.75, 0.9, 1.0


@pytest.fixture
def crowd():
    with ThreadPoolExecutor(64) as pool:
        yield pool


def wait_until(is_true):
    give_up_at = time.monotonic() + 10
    while not is_true():
        assert time.monotonic() < give_up_at
        time.sleep(0.001)


def in_line(crowd: ThreadPoolExecutor, bulkhead: Bulkhead, share: float = 1.0, seconds: float = 5.0) -> Future[bool]:
    """Return the future of a call that is in the queue by now."""
    before = bulkhead.waiting
    entered = crowd.submit(bulkhead.enter, share, wait_seconds=seconds)
    wait_until(lambda: bulkhead.waiting > before or entered.done())
    return entered


def _append(served: list[str], name: str, _: Future[bool]) -> None:
    served.append(name)


class TestQueue:
    def test_gives_a_place_that_becomes_free_to_the_call_that_waits(self, crowd):
        bulkhead = Bulkhead(1)
        assert bulkhead.enter()
        waiting = in_line(crowd, bulkhead)

        bulkhead.leave(0.01)

        assert waiting.result(1) is True
        assert (bulkhead.taken, bulkhead.waiting) == (1, 0)

    def test_serves_checkout_first_and_equals_in_their_order(self, crowd):
        bulkhead = Bulkhead(1, capacity=64)
        bulkhead.enter()
        served: list[str] = []
        names = {"browse 1": BROWSE, "browse 2": BROWSE, "normal": NORMAL, "checkout": CHECKOUT}
        for name, share in names.items():
            in_line(crowd, bulkhead, share).add_done_callback(partial(_append, served, name))

        for done in range(len(names)):
            bulkhead.leave(0.001)
            wait_until(lambda done=done: len(served) > done)

        assert served == ["checkout", "normal", "browse 1", "browse 2"]

    def test_a_call_that_stopped_waiting_takes_no_place(self, crowd):
        bulkhead = Bulkhead(1)
        bulkhead.enter()
        assert bulkhead.enter(wait_seconds=0.02) is False
        patient = in_line(crowd, bulkhead)

        bulkhead.leave(0.01)

        assert patient.result(1) is True
        bulkhead.leave(0.01)
        assert (bulkhead.taken, bulkhead.waiting) == (0, 0)

    def test_more_places_admit_the_calls_that_wait(self, crowd):
        bulkhead = Bulkhead(1)
        bulkhead.enter()
        waiting = in_line(crowd, bulkhead)

        bulkhead.resize(2)

        assert waiting.result(1) is True


class TestRefusal:
    def test_is_at_once_when_the_queue_is_too_long_for_the_pace(self, crowd):
        bulkhead = Bulkhead(2, capacity=64)
        for _ in range(10):
            bulkhead.enter()
            bulkhead.leave(0.4)
        bulkhead.enter()
        bulkhead.enter()
        first, second, third = (in_line(crowd, bulkhead, seconds=1.0) for _ in range(3))

        started_at = time.perf_counter()
        assert bulkhead.enter(wait_seconds=1.0) is False
        assert time.perf_counter() - started_at < 0.05

        for waiting in (first, second, third):
            bulkhead.leave(0.4)
            assert waiting.result(1) is True

    def test_is_not_for_a_call_that_hopes_for_a_better_pace(self, crowd):
        bulkhead = Bulkhead(1, capacity=64)
        for _ in range(10):
            bulkhead.enter()
            bulkhead.leave(2.0)
        bulkhead.enter()
        assert bulkhead.enter(wait_seconds=1.0) is False

        waiting = crowd.submit(bulkhead.enter, wait_seconds=1.0, hope=4.0)
        wait_until(lambda: bulkhead.waiting)
        bulkhead.leave(0.01)

        assert waiting.result(1) is True

    def test_is_at_once_when_no_place_was_freed_for_long(self, ticker):
        bulkhead = Bulkhead(1, clock=ticker)
        bulkhead.enter()
        bulkhead.leave(0.01)
        bulkhead.enter()
        ticker.advance(1.1)

        started_at = time.perf_counter()
        assert bulkhead.enter(wait_seconds=5.0) is False
        assert time.perf_counter() - started_at < 0.05

    def test_keeps_room_in_the_queue_for_checkout(self, crowd):
        bulkhead = Bulkhead(1, capacity=8)
        bulkhead.enter()
        lines = [in_line(crowd, bulkhead, BROWSE, 0.5) for _ in range(5)]
        assert bulkhead.enter(BROWSE, wait_seconds=5.0) is False

        checkout = in_line(crowd, bulkhead, CHECKOUT)
        bulkhead.leave(0.001)

        assert checkout.result(1) is True
        assert not any(line.result(2) for line in lines)

    def test_is_at_once_for_a_call_without_time(self):
        bulkhead = Bulkhead(1)
        bulkhead.enter()

        assert bulkhead.enter() is False


class TestManyThreads:
    def test_never_exceeds_its_places_and_loses_none(self, crowd):
        bulkhead = Bulkhead(5, capacity=64)
        lock, inside, most = threading.Lock(), 0, 0

        def call(share: float) -> bool:
            nonlocal inside, most
            if not bulkhead.enter(share, wait_seconds=random.choice((0.0, 0.001, 5.0))):
                return False
            with lock:
                inside += 1
                most = max(most, inside)
            time.sleep(random.uniform(0, 0.002))
            with lock:
                inside -= 1
            bulkhead.leave(0.001)
            return True

        outcomes = list(crowd.map(call, [BROWSE, NORMAL, CHECKOUT] * 200))

        assert any(outcomes)
        assert most <= 5
        assert (bulkhead.taken, bulkhead.waiting) == (0, 0)
