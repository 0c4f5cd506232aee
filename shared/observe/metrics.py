"""Metrics: Prometheus' counters, gauges and histograms; a second backend may record every change too."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from typing import Protocol

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

SECONDS_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Recorder(Protocol):
    """A second backend that records every change; its methods must be quick and never raise."""

    def add(self, name: str, labels: tuple[str, ...], values: tuple[str, ...], amount: float) -> None: ...
    def observe(self, name: str, labels: tuple[str, ...], values: tuple[str, ...], amount: float) -> None: ...


class _RecordedCounter(Counter):
    def inc(self, amount: float = 1, exemplar: dict[str, str] | None = None) -> None:
        super().inc(amount, exemplar)
        if _recorder is not None:
            # Prometheus keeps the name without `_total`.
            _recorder.add(f"{self._name}_total", self._labelnames, self._labelvalues, amount)


class _RecordedHistogram(Histogram):
    def observe(self, amount: float, exemplar: dict[str, str] | None = None) -> None:
        super().observe(amount, exemplar)
        if _recorder is not None:
            _recorder.observe(self._name, self._labelnames, self._labelvalues, amount)


class _RecordedGauge(Gauge):
    def set(self, value: float) -> None:
        super().set(value)
        if _recorder is not None:
            _recorder.observe(self._name, self._labelnames, self._labelvalues, value)


_recorder: Recorder | None = None
_counters: dict[str, Counter] = {}
_histograms: dict[str, Histogram] = {}
_gauges: dict[str, Gauge] = {}
_lock = threading.Lock()


def record_with(recorder: Recorder | None) -> None:
    """Pass every further change of a metric in this process to `recorder` too; None turns that off."""
    global _recorder
    _recorder = recorder


def counter(name: str, help_text: str, labels: Sequence[str] = ()) -> Counter:
    """Return the counter `name` (`<what>_total`), created on the first call; label values must be few."""
    with _lock:
        if name not in _counters:
            _counters[name] = _RecordedCounter(name, help_text, labels)
        return _counters[name]


def histogram(
    name: str, help_text: str, labels: Sequence[str] = (), *, buckets: Sequence[float] = SECONDS_BUCKETS
) -> Histogram:
    """Return the histogram `name`, created on the first call; the default buckets are seconds."""
    with _lock:
        if name not in _histograms:
            _histograms[name] = _RecordedHistogram(name, help_text, labels, buckets=buckets)
        return _histograms[name]


def gauge(name: str, help_text: str, labels: Sequence[str] = ()) -> Gauge:
    """Return the gauge `name`, created on the first call; of several processes the latest value counts."""
    with _lock:
        if name not in _gauges:
            _gauges[name] = _RecordedGauge(name, help_text, labels, multiprocess_mode="mostrecent")
        return _gauges[name]


def exposition() -> tuple[bytes, str]:
    """Return all metrics in Prometheus' text format and its content type, summed over the service's processes."""
    registry: CollectorRegistry = REGISTRY
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR", "")
    if folder and os.path.isdir(folder):
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=folder)  # type: ignore[no-untyped-call]
    return generate_latest(registry), CONTENT_TYPE_LATEST
