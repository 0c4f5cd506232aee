"""How long each kind of call took."""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Latency:
    """Percentiles of one kind of call, in milliseconds."""

    kind: str
    calls: int
    p50: float
    p95: float
    p99: float


class Timings:
    """Collects seconds per kind of call from many threads."""

    def __init__(self) -> None:
        self._seconds: dict[str, list[float]] = defaultdict(list)
        self._retries: dict[str, int] = defaultdict(int)
        self._lock = threading.Lock()

    def record(self, kind: str, seconds: float) -> None:
        with self._lock:
            self._seconds[kind].append(seconds)

    def count_retry(self, reason: str) -> None:
        with self._lock:
            self._retries[reason] += 1

    def calls(self, kind: str) -> int:
        with self._lock:
            return len(self._seconds[kind])

    def retries(self) -> dict[str, int]:
        with self._lock:
            return dict(self._retries)

    def latencies(self) -> list[Latency]:
        """Return the percentiles of each kind, in order of name."""
        with self._lock:
            sorted_seconds = {kind: sorted(seconds) for kind, seconds in self._seconds.items() if seconds}
        return [
            Latency(kind, len(seconds), *(_percentile(seconds, share) * 1000 for share in (0.50, 0.95, 0.99)))
            for kind, seconds in sorted(sorted_seconds.items())
        ]


def _percentile(ascending: list[float], share: float) -> float:
    return ascending[min(len(ascending) - 1, int(share * len(ascending)))]
