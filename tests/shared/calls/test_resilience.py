"""Bulkhead, retry budget, jitter and `@resilient`, without a network."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.base import deadline
from shared.base.errors import NotFound
from shared.base.limits import DEFAULT
from shared.calls.outcomes import CallOutcome
from shared.calls.resilience import (
    Upstream,
    UpstreamUnavailable,
    attempt_number,
    forget_upstreams,
    full_jitter,
    resilient,
    upstream,
    with_retries,
)
from shared.calls.retry_budget import RetryBudget
from tests.shared.upstreams import Ticker


@pytest.fixture(autouse=True)
def _fresh_upstreams():
    forget_upstreams()
    yield
    forget_upstreams()


def failed(_: Exception) -> CallOutcome:
    return CallOutcome.FAILED


class TestBulkhead:
    def test_refuses_after_a_short_wait_when_it_is_full(self):
        target = Upstream("products", replace(DEFAULT, bulkhead=2))
        inside, leave = threading.Barrier(3), threading.Event()

        def occupy() -> None:
            inside.wait()
            leave.wait()

        threads = [threading.Thread(target=target.call, args=(occupy,), kwargs={"judge": failed}) for _ in range(2)]
        for thread in threads:
            thread.start()
        inside.wait()

        with pytest.raises(UpstreamUnavailable) as refusal:
            target.call(lambda: "late", judge=failed)
        leave.set()
        for thread in threads:
            thread.join()

        assert (refusal.value.reason, refusal.value.is_retryable) == ("bulkhead_full", False)
        assert target.call(lambda: "now", judge=failed) == "now"

    def test_gives_the_place_back_after_a_failure(self):
        target = Upstream("products", replace(DEFAULT, bulkhead=1))

        for _ in range(5):
            with pytest.raises(TimeoutError):
                target.call(raise_timeout, judge=failed)


def raise_timeout() -> None:
    raise TimeoutError


class TestBreakerOfAnUpstream:
    def test_opens_on_failures_and_names_the_wait(self, ticker):
        target = Upstream("products", DEFAULT, clock=ticker)
        for _ in range(20):
            with pytest.raises(TimeoutError):
                target.call(raise_timeout, judge=failed)

        with pytest.raises(UpstreamUnavailable) as refusal:
            target.call(lambda: "never", judge=failed)

        assert refusal.value.reason == "breaker_open"
        assert (refusal.value.status, refusal.value.headers["Retry-After"]) == (503, "5")

    @pytest.mark.parametrize("outcome", [CallOutcome.ANSWERED, CallOutcome.UNKNOWN])
    def test_stays_closed_when_the_upstream_is_not_to_blame(self, ticker, outcome):
        target = Upstream("products", DEFAULT, clock=ticker)

        for _ in range(40):
            with pytest.raises(TimeoutError):
                target.call(raise_timeout, judge=lambda _: outcome)

        assert target.call(lambda: "fine", judge=failed) == "fine"


class TestRetryBudget:
    def test_allows_a_tenth_of_the_calls(self, ticker):
        budget = RetryBudget(0.1, clock=ticker)
        allowed = 0
        for _ in range(1000):
            budget.deposit()
            allowed += budget.withdraw()

        assert 100 <= allowed <= 101

    def test_allows_one_in_ten_seconds_without_traffic(self, ticker):
        budget = RetryBudget(0.1, clock=ticker)
        assert budget.withdraw()
        assert not budget.withdraw()

        ticker.advance(10)

        assert budget.withdraw()
        assert not budget.withdraw()

    @given(st.lists(st.one_of(st.just("call"), st.just("retry"), st.floats(0, 5)), max_size=300))
    def test_never_exceeds_a_tenth_and_the_free_ones(self, steps):
        ticker = Ticker()
        started_at = ticker()
        budget = RetryBudget(0.1, clock=ticker)
        calls = retries = 0
        for step in steps:
            if step == "call":
                calls += 1
                budget.deposit()
            elif step == "retry":
                retries += budget.withdraw()
            else:
                ticker.advance(step)

        assert retries <= 1 + calls * 0.1 + (ticker() - started_at) / 10 + 1e-6


class TestFullJitter:
    def test_spreads_over_a_growing_range(self):
        pauses = [[full_jitter(retry) for _ in range(300)] for retry in (1, 2, 10)]

        for found, cap in zip(pauses, (0.05, 0.1, 0.5), strict=True):
            assert min(found) < cap * 0.1
            assert cap * 0.9 < max(found) <= cap


class TestWithRetries:
    def test_stops_when_the_budget_is_spent(self):
        target = Upstream("products", DEFAULT)
        attempts: list[int] = []

        def fail(attempt: int) -> None:
            attempts.append(attempt)
            raise UpstreamUnavailable("products", "connection")

        for _ in range(30):
            with pytest.raises(UpstreamUnavailable):
                with_retries(target, 2, fail)

        assert len(attempts) <= 30 * 1.1 + 1

    def test_does_not_outlive_the_deadline(self):
        attempts: list[int] = []

        def fail(attempt: int) -> None:
            attempts.append(attempt)
            raise UpstreamUnavailable("products", "connection")

        with deadline.start(0.0), pytest.raises(UpstreamUnavailable):
            with_retries(Upstream("products", DEFAULT), 3, fail)

        assert attempts == [1]


class Catalog:
    """A client without HTTP: it fails as often as told."""

    service = "products"

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.calls: list[tuple[int, float]] = []

    def _answer(self, timeout: float) -> str:
        self.calls.append((attempt_number.get(), timeout))
        if self.failures:
            raise self.failures.pop(0)
        return "answer"

    @resilient(timeout=0.5, attempts=2)
    def price(self, sku: str, *, timeout: float) -> str:
        return f"{sku}: {self._answer(timeout)}"

    @resilient(timeout=0.5, fallback=dict)
    def stock(self, *, timeout: float) -> dict[str, int]:
        return {"A": len(self._answer(timeout))}

    @resilient(timeout=0.5, attempts=2, dependency="s3")
    def store(self, *, timeout: float) -> str:
        return self._answer(timeout)


class TestResilient:
    def test_gives_the_method_its_time(self):
        catalog = Catalog()

        assert catalog.price("A") == "A: answer"
        with deadline.start(0.1):
            catalog.price("A")

        assert catalog.calls[0] == (1, 0.5)
        assert 0 < catalog.calls[1][1] <= 0.1

    def test_tries_again_and_says_so_to_what_it_calls(self):
        catalog = Catalog(UpstreamUnavailable("products", "connection"))

        assert catalog.price("A") == "A: answer"
        assert [number for number, _ in catalog.calls] == [1, 2]
        assert attempt_number.get() == 0

    def test_marks_what_it_gives_up(self):
        catalog = Catalog(*[UpstreamUnavailable("products", "connection") for _ in range(2)])

        with pytest.raises(UpstreamUnavailable) as refusal:
            catalog.price("A")

        assert refusal.value.headers["X-Retried"] == "1"
        assert not refusal.value.is_retryable

    def test_does_not_try_again_what_was_tried_below(self):
        catalog = Catalog(UpstreamUnavailable("products", "status_503", was_retried=True))

        with pytest.raises(UpstreamUnavailable):
            catalog.price("A")

        assert len(catalog.calls) == 1

    def test_falls_back_without_the_upstream_only(self):
        assert Catalog(UpstreamUnavailable("products", "timeout")).stock() == {}
        with pytest.raises(NotFound):
            Catalog(NotFound()).stock()

    def test_does_not_begin_when_time_is_over(self):
        catalog = Catalog()

        with deadline.start(0.0), pytest.raises(deadline.DeadlineExceeded):
            catalog.price("A")

        assert catalog.calls == []

    @pytest.mark.parametrize(("error", "reason"), [(ConnectionResetError(), "connection"), (TimeoutError(), "timeout")])
    def test_guards_a_method_that_names_its_dependency(self, error, reason):
        with pytest.raises(UpstreamUnavailable) as refusal:
            Catalog(error, error).store()

        assert (refusal.value.upstream, refusal.value.reason) == ("s3", reason)
        for _ in range(30):
            with pytest.raises(UpstreamUnavailable):
                Catalog(error, error).store()
        assert upstream("s3").breaker.state == "open"
