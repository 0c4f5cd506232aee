"""How many calls at once an upstream can serve, found by their latency (docs/adr/0035)."""

from __future__ import annotations

import math
import threading

# Latency up to this multiple of the unloaded one is no sign of a queue at the upstream.
TOLERANCE = 2.0
SMALLEST_GRADIENT = 0.5
# So close to 1 is no queue: until the first queue is seen, the limit doubles with each window.
NO_QUEUE_GRADIENT = 0.95
# The unloaded latency of a route: the least of its first calls, then a mean over those with few others under way.
FIRST_CALLS = 20
LIGHT_SHARE = 0.25
LIGHT_WEIGHT = 0.05


class _Unloaded:
    """The latency of one route while the upstream has little to do."""

    __slots__ = ("calls", "seconds")

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.calls = 0

    def observe(self, seconds: float, *, is_light: bool) -> None:
        self.calls += 1
        if self.calls <= FIRST_CALLS:
            self.seconds = min(self.seconds, seconds)
        elif is_light:
            self.seconds += LIGHT_WEIGHT * (seconds - self.seconds)


class AdaptiveLimit:
    """
    Moves the number of places between `floor` and `ceiling`, as `gradient` in Netflix' concurrency-limits does.

    It starts at twice the floor; a window is as many calls as there are places. While calls take no more than TOLERANCE
    times their unloaded latency, the limit grows by its square root (at first it doubles). When they take longer, a
    queue stands at the upstream, and the limit shrinks in proportion. Each route is compared with itself, because a
    checkout takes longer than a read.
    """

    def __init__(self, floor: int, ceiling: int) -> None:
        self._floor = min(floor, ceiling)
        self._ceiling = ceiling
        self._limit = float(min(2 * floor, ceiling))
        self._unloaded: dict[str, _Unloaded] = {}
        self._lock = threading.Lock()
        self._calls = 0
        self._sum = 0.0
        self._most_under_way = 0
        self._is_starting = True

    @property
    def places(self) -> int:
        return int(self._limit)

    def observe(self, route: str, seconds: float, *, under_way: int, has_failed: bool = False) -> int:
        """Count a call that began while `under_way` calls were; return the number of places from now on."""
        with self._lock:
            self._sum += 0.0 if has_failed else self._gradient(route, seconds, under_way)
            self._calls += 1
            self._most_under_way = max(self._most_under_way, under_way)
            if self._calls >= self._limit:
                self._close_window()
            return int(self._limit)

    def _gradient(self, route: str, seconds: float, under_way: int) -> float:
        unloaded = self._unloaded.get(route)
        if unloaded is None:
            unloaded = self._unloaded[route] = _Unloaded(seconds)
        unloaded.observe(seconds, is_light=under_way <= LIGHT_SHARE * self._floor)
        return min(1.0, TOLERANCE * unloaded.seconds / max(seconds, 1e-6))

    def _close_window(self) -> None:
        gradient = max(SMALLEST_GRADIENT, self._sum / self._calls)
        is_used = self._most_under_way >= self._limit / 2
        self._is_starting = self._is_starting and gradient >= NO_QUEUE_GRADIENT
        growth = self._limit if self._is_starting else math.sqrt(self._limit)
        limit = self._limit * gradient + (growth if is_used else 0.0)
        self._limit = min(float(self._ceiling), max(float(self._floor), limit))
        self._calls, self._sum, self._most_under_way = 0, 0.0, 0
