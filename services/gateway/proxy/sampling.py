"""
Decides which requests are traced: few while a route behaves as usual, many while it does not (docs/adr/0010).

Per process and route (a row of the policy table): the first request of each second, and a share of the others. A route
is judged in windows of ten seconds and at least 20 requests. Its baseline is a moving average of earlier windows' share
of errors (5xx) and of their p95, which is taken from buckets of a factor of 1.41. A window is unusual when its errors
are above twice the baseline and 5 points above it, or, from the fourth window, its p95 is above twice the baseline and
100 ms above it. The share is then at the cap for 60 s from the last such window. Unusual windows change the baseline
too, ten times more slowly than the others: a change that lasts becomes the baseline.
"""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Callable, Iterable

WINDOW_SECONDS = 10.0
FORGOTTEN_SECONDS = 60.0
FEWEST_REQUESTS = 20
FEWEST_WINDOWS = 3
RAISED_SECONDS = 60.0
ERROR_POINTS = 0.05
SLOWER_SECONDS = 0.1
LEARNING = 0.3
LEARNING_UNUSUAL = 0.03
_BUCKETS = 40
_SHORTEST_SECONDS = 0.0005

RouteKey = tuple[str, str]


class Sampler:
    """One decision per request, in constant time and memory; safe to share between threads."""

    def __init__(
        self,
        routes: Iterable[RouteKey],
        rate: float,
        cap: float,
        *,
        now: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._routes = {route: _Route(rate, max(rate, cap)) for route in routes}
        self._now = now
        self._chance = chance

    def is_sampled(self, route: RouteKey) -> bool:
        """Decide for one request; a route outside the table is never sampled."""
        known = self._routes.get(route)
        if known is None:
            return False
        now = self._now()
        return known.is_first_of_second(now) or self._chance() < known.rate(now)

    def learn(self, route: RouteKey, seconds: float, *, has_failed: bool) -> None:
        """Count a request's duration and result."""
        known = self._routes.get(route)
        if known is not None:
            known.learn(self._now(), seconds, has_failed)


class _Route:
    def __init__(self, rate: float, cap: float) -> None:
        self._usual_rate = rate
        self._cap = cap
        self._lock = threading.Lock()
        self._second = -1
        self._raised_until = -math.inf
        self._windows = 0
        self._usual_errors = 0.0
        self._usual_p95 = 0.0
        self._start_window(0.0)

    def is_first_of_second(self, now: float) -> bool:
        if int(now) == self._second:
            return False
        with self._lock:
            is_first = int(now) > self._second
            self._second = max(self._second, int(now))
            return is_first

    def rate(self, now: float) -> float:
        return self._cap if now < self._raised_until else self._usual_rate

    def learn(self, now: float, seconds: float, has_failed: bool) -> None:
        with self._lock:
            if now - self._started_at >= WINDOW_SECONDS:
                self._close_window(now)
            self._requests += 1
            self._errors += has_failed
            self._slowness[_bucket(seconds)] += 1

    def _start_window(self, now: float) -> None:
        self._started_at = now
        self._requests = 0
        self._errors = 0
        self._slowness = [0] * _BUCKETS

    def _close_window(self, now: float) -> None:
        """Judge the window and begin another; one with too few requests continues, for a minute at most."""
        if self._requests >= FEWEST_REQUESTS:
            self._judge(now, self._errors / self._requests, self._p95())
        elif self._requests and now - self._started_at < FORGOTTEN_SECONDS:
            return
        self._start_window(now)

    def _judge(self, now: float, errors: float, p95: float) -> None:
        is_unusual = errors >= max(2 * self._usual_errors, self._usual_errors + ERROR_POINTS)
        if self._windows >= FEWEST_WINDOWS:
            is_unusual = is_unusual or p95 >= max(2 * self._usual_p95, self._usual_p95 + SLOWER_SECONDS)
        if is_unusual:
            self._raised_until = now + RAISED_SECONDS
        if not self._windows:
            self._usual_p95 = p95
        weight = LEARNING_UNUSUAL if is_unusual else LEARNING
        self._usual_errors += weight * (errors - self._usual_errors)
        self._usual_p95 += weight * (p95 - self._usual_p95)
        self._windows += 1

    def _p95(self) -> float:
        """Return the upper bound of the bucket in which the slowest twentieth begins."""
        beyond = self._requests * 0.05
        for number in range(_BUCKETS - 1, -1, -1):
            beyond -= self._slowness[number]
            if beyond < 0:
                return float(_SHORTEST_SECONDS * 2 ** (number / 2))
        return 0.0


def _bucket(seconds: float) -> int:
    if seconds <= _SHORTEST_SECONDS:
        return 0
    return min(_BUCKETS - 1, math.ceil(2 * math.log2(seconds / _SHORTEST_SECONDS)))
