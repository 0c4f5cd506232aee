"""The circuit breaker, against a plain list of what happened."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from shared.base.limits import DEFAULT
from shared.calls.breaker import BreakerState, CircuitBreaker
from shared.calls.failures import BreakerOpen
from tests.shared.upstreams import Ticker

LIMITS = replace(DEFAULT, slow_seconds=1.0)


def call(breaker: CircuitBreaker, *, failed: bool = False, seconds: float = 0.01, times: int = 1) -> None:
    for _ in range(times):
        breaker.record(breaker.admit(), failed=failed, seconds=seconds)


def opened(ticker: Ticker) -> CircuitBreaker:
    breaker = CircuitBreaker(LIMITS, clock=ticker)
    call(breaker, failed=True, times=20)
    return breaker


class TestOpening:
    def test_waits_for_twenty_calls(self, ticker):
        breaker = CircuitBreaker(LIMITS, clock=ticker)

        call(breaker, failed=True, times=19)
        assert breaker.state.value == "closed"
        call(breaker, failed=True)
        assert breaker.state.value == "open"

    def test_opens_at_half_of_them_failed_and_not_below(self, ticker):
        breaker = CircuitBreaker(LIMITS, clock=ticker)
        call(breaker, times=11)

        call(breaker, failed=True, times=10)
        assert breaker.state.value == "closed"
        call(breaker, failed=True)
        assert breaker.state.value == "open"

    def test_opens_for_an_upstream_that_crawls(self, ticker):
        breaker = CircuitBreaker(LIMITS, clock=ticker)

        call(breaker, seconds=1.1, times=20)

        assert breaker.state.value == "open"

    def test_forgets_what_is_ten_seconds_old(self, ticker):
        breaker = CircuitBreaker(LIMITS, clock=ticker)
        call(breaker, failed=True, times=19)

        ticker.advance(10)
        call(breaker, failed=True)

        assert breaker.state.value == "closed"


class TestProbing:
    def test_refuses_for_five_seconds_and_says_how_long(self, ticker):
        breaker = opened(ticker)
        ticker.advance(3)

        with pytest.raises(BreakerOpen) as refusal:
            breaker.admit()

        assert refusal.value.retry_after_seconds == pytest.approx(2)

    def test_admits_exactly_one_of_many_threads(self, ticker):
        breaker = opened(ticker)
        ticker.advance(5)
        admitted: list[int] = []
        barrier = threading.Barrier(16)

        def knock() -> None:
            barrier.wait()
            try:
                admitted.append(breaker.admit())
            except BreakerOpen:
                return

        threads = [threading.Thread(target=knock) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(admitted) == 1

    def test_closes_after_a_good_probe(self, ticker):
        breaker = opened(ticker)
        ticker.advance(5)

        call(breaker)

        assert breaker.state.value == "closed"
        call(breaker, failed=True, times=19)
        assert breaker.state.value == "closed"

    @pytest.mark.parametrize("outcome", [{"failed": True}, {"seconds": 1.5}])
    def test_opens_again_after_a_bad_probe(self, ticker, outcome):
        breaker = opened(ticker)
        ticker.advance(5)

        call(breaker, **outcome)

        assert breaker.state.value == "open"

    def test_takes_a_probe_without_an_answer_for_a_bad_one(self, ticker):
        breaker = opened(ticker)
        ticker.advance(5)

        breaker.abandon(breaker.admit())

        assert breaker.state.value == "open"

    def test_ignores_the_late_answer_of_an_older_call(self, ticker):
        breaker = CircuitBreaker(LIMITS, clock=ticker)
        old = breaker.admit()
        call(breaker, failed=True, times=20)
        ticker.advance(5)
        probe = breaker.admit()

        breaker.record(old, failed=False, seconds=6)
        breaker.abandon(old)
        assert breaker.state.value == "half_open"
        breaker.record(probe, failed=False, seconds=0.1)
        assert breaker.state.value == "closed"

    def test_announces_every_change_once(self, ticker):
        changes: list[BreakerState] = []
        breaker = CircuitBreaker(LIMITS, clock=ticker, on_change=changes.append)
        call(breaker, failed=True, times=20)
        ticker.advance(5)
        call(breaker)

        assert changes == [BreakerState.OPEN, BreakerState.HALF_OPEN, BreakerState.CLOSED]


class BreakerMachine(RuleBasedStateMachine):
    """
    Any order of calls, overlaps and pauses; the model remembers every outcome and counts anew each time.

    Pauses are exact in binary, so that both sides agree on "five seconds later".
    """

    @initialize()
    def start(self) -> None:
        self.ticker = Ticker()
        self.breaker = CircuitBreaker(LIMITS, clock=self.ticker)
        self.history: list[tuple[int, bool]] = []
        self.under_way: list[tuple[int, int]] = []
        self.epoch = 0
        self.opened_at: float | None = None
        self.is_probing = False

    def admit(self) -> None:
        may = self.opened_at is None or (self.ticker() - self.opened_at >= 5 and not self.is_probing)
        try:
            ticket = self.breaker.admit()
        except BreakerOpen:
            assert not may
            return
        assert may
        if self.opened_at is not None:
            self.is_probing = True
            self.epoch += 1
        self.under_way.append((ticket, self.epoch))

    @rule()
    def begin(self) -> None:
        self.admit()

    @precondition(lambda self: self.under_way)
    @rule(pick=st.integers(min_value=0), failed=st.booleans(), seconds=st.sampled_from([0.01, 1.0, 1.01]))
    def finish(self, pick: int, failed: bool, seconds: float) -> None:
        ticket, epoch = self.under_way.pop(pick % len(self.under_way))
        self.breaker.record(ticket, failed=failed, seconds=seconds)
        if epoch == self.epoch:
            self.expect(failed or seconds > 1.0)

    @rule(count=st.integers(1, 25), failed=st.booleans())
    def burst(self, count: int, failed: bool) -> None:
        for _ in range(count):
            before = len(self.under_way)
            self.admit()
            if len(self.under_way) > before:
                ticket, _ = self.under_way.pop()
                self.breaker.record(ticket, failed=failed, seconds=0.01)
                self.expect(failed)

    @rule(seconds=st.sampled_from([0.25, 1.0, 4.75, 5.0, 10.0]))
    def wait(self, seconds: float) -> None:
        self.ticker.advance(seconds)

    def expect(self, bad: bool) -> None:
        if self.is_probing:
            self.is_probing = False
            self.epoch += 1
            self.opened_at = self.ticker() if bad else None
            self.history.clear()
            return
        if self.opened_at is not None:
            return
        second = int(self.ticker())
        self.history.append((second, bad))
        recent = [each for when, each in self.history if when > second - 10]
        if bad and len(recent) >= 20 and sum(recent) * 2 >= len(recent):
            self.opened_at = self.ticker()
            self.epoch += 1
            self.history.clear()

    @invariant()
    def agrees_with_the_model(self) -> None:
        expected = BreakerState.CLOSED if self.opened_at is None else BreakerState.OPEN
        assert self.breaker.state is (BreakerState.HALF_OPEN if self.is_probing else expected)


TestBreakerMachine = BreakerMachine.TestCase
TestBreakerMachine.settings = settings(max_examples=30, stateful_step_count=40, deadline=None)
