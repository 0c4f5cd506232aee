"""Prometheus metrics: one registry per process, or one folder for all processes of a service."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

SECONDS_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

_counters: dict[str, Counter] = {}
_histograms: dict[str, Histogram] = {}
_lock = threading.Lock()


def counter(name: str, help_text: str, labels: Sequence[str] = ()) -> Counter:
    """Return the counter `name`, made on the first call; name it `<what>_total`, label it with few distinct values."""
    with _lock:
        if name not in _counters:
            _counters[name] = Counter(name, help_text, labels)
        return _counters[name]


def histogram(
    name: str, help_text: str, labels: Sequence[str] = (), *, buckets: Sequence[float] = SECONDS_BUCKETS
) -> Histogram:
    """Return the histogram `name`, made on the first call; the default buckets are seconds."""
    with _lock:
        if name not in _histograms:
            _histograms[name] = Histogram(name, help_text, labels, buckets=buckets)
        return _histograms[name]


def exposition() -> tuple[bytes, str]:
    """Return all metrics in Prometheus' text format and its content type, summed over the service's processes."""
    registry: CollectorRegistry = REGISTRY
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR", "")
    if folder and os.path.isdir(folder):
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=folder)  # type: ignore[no-untyped-call]
    return generate_latest(registry), CONTENT_TYPE_LATEST
