"""A circuit breaker with a rolling window: it stops calls to an upstream that fails or is slow, then probes it once."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from enum import StrEnum

from shared.base.limits import DependencyLimits
from shared.calls.failures import BreakerOpen


class BreakerState(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class CircuitBreaker:
    """
    Hystrix semantics: a window of one-second buckets, then open, then exactly one probe.

    The lock is held for the counting only, never during a call: a slow upstream must not queue its callers here.
    Every change of state starts a new generation; the outcome of a call admitted in an older one is ignored.
    """

    def __init__(
        self,
        limits: DependencyLimits,
        *,
        clock: Callable[[], float] = time.monotonic,
        on_change: Callable[[BreakerState], None] | None = None,
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._on_change = on_change
        self._lock = threading.Lock()
        self._state = BreakerState.CLOSED
        self._generation = 0
        self._opened_at = 0.0
        self._buckets: deque[list[int]] = deque()
        self._calls = 0
        self._bad = 0

    @property
    def state(self) -> BreakerState:
        return self._state

    def admit(self) -> int:
        """Return a ticket for one call, for `record` or `abandon`; raise BreakerOpen when the call may not run."""
        with self._lock:
            if self._state is BreakerState.CLOSED:
                return self._generation
            wait = self._opened_at + self._limits.breaker_open_seconds - self._clock()
            if self._state is BreakerState.HALF_OPEN or wait > 0:
                raise BreakerOpen(max(wait, 0.0))
            self._enter(BreakerState.HALF_OPEN)
            return self._generation

    def record(self, ticket: int, *, failed: bool, seconds: float) -> None:
        """Count the outcome of an admitted call that took `seconds`."""
        bad = failed or seconds > self._limits.slow_seconds
        with self._lock:
            if ticket != self._generation:
                return
            if self._state is BreakerState.HALF_OPEN:
                self._enter(BreakerState.OPEN if bad else BreakerState.CLOSED)
            elif self._state is BreakerState.CLOSED:
                self._count(bad)
                if bad and self._is_tripped():
                    self._enter(BreakerState.OPEN)

    def abandon(self, ticket: int) -> None:
        """Return a ticket whose call says nothing about the upstream; a probe without an outcome has failed."""
        if self._state is BreakerState.HALF_OPEN:
            self.record(ticket, failed=True, seconds=0.0)

    def _count(self, bad: bool) -> None:
        second = int(self._clock())
        while self._buckets and self._buckets[0][0] <= second - self._limits.breaker_window_seconds:
            _, calls, bad_calls = self._buckets.popleft()
            self._calls -= calls
            self._bad -= bad_calls
        if not self._buckets or self._buckets[-1][0] != second:
            self._buckets.append([second, 0, 0])
        bucket = self._buckets[-1]
        bucket[1] += 1
        bucket[2] += bad
        self._calls += 1
        self._bad += bad

    def _is_tripped(self) -> bool:
        return self._calls >= self._limits.breaker_calls and self._bad >= self._limits.breaker_ratio * self._calls

    def _enter(self, state: BreakerState) -> None:
        self._state = state
        self._generation += 1
        self._buckets.clear()
        self._calls = self._bad = 0
        if state is BreakerState.OPEN:
            self._opened_at = self._clock()
        if self._on_change is not None:
            self._on_change(state)
