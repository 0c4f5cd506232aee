"""
Metrics as CloudWatch reads them from logs: embedded metric format, one line per set of dimensions and period.

The format: docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import atexit
import itertools
import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson

NAMESPACE = "Tradepost"
PERIOD_SECONDS = 10.0
MOST_METRICS = 100
MOST_VALUES = 100
MOST_SETS = 50
OTHER = "other"

# CloudWatch bills each set of dimension values: metrics with many labels keep only these.
KEPT_LABELS: Mapping[str, tuple[str, ...]] = {
    "http_request_duration_seconds": ("status",),
    "event_lag_seconds": (),
    "events_handled_total": ("outcome",),
    "events_unreadable_total": (),
    "events_not_published_total": (),
    "events_republished_total": (),
    "events_unacknowledged": (),
    "event_stream_bytes": (),
    "job_duration_seconds": ("outcome",),
}

Dimensions = tuple[tuple[str, str], ...]
Series = tuple[str, Dimensions]


class EmfMetrics:
    """
    Sums counters and collects histogram values, and writes them as EMF lines at each `flush`; safe for threads.

    `write` takes one line without its newline. Histogram values are rounded to two digits, so that few are distinct.
    """

    def __init__(self, environment: str, service: str, write: Callable[[bytes], None]) -> None:
        self._common = {"Environment": environment, "Service": service}
        self._write = write
        self._lock = threading.Lock()
        self._series: dict[tuple[str, tuple[str, ...]], Series] = {}
        self._known: dict[str, set[Dimensions]] = defaultdict(set)
        self._forget()
        os.register_at_fork(after_in_child=self._forget)

    def add(self, name: str, labels: tuple[str, ...], values: tuple[str, ...], amount: float) -> None:
        with self._lock:
            self._sums[self._series_of(name, labels, values)] += amount

    def observe(self, name: str, labels: tuple[str, ...], values: tuple[str, ...], amount: float) -> None:
        rounded = float(f"{amount:.2g}")
        with self._lock:
            self._seen[self._series_of(name, labels, values)][rounded] += 1

    def flush(self) -> None:
        """Write the values recorded since the last flush; nothing when there are none."""
        with self._lock:
            sums, seen = self._sums, self._seen
            self._start_over()
        for line in self._lines(sums, seen):
            self._write(line)

    def _forget(self) -> None:
        """Start empty: a forked child must not write its parent's values again, nor inherit a lock that is held."""
        self._lock = threading.Lock()
        self._start_over()

    def _start_over(self) -> None:
        self._sums: dict[Series, float] = defaultdict(float)
        self._seen: dict[Series, dict[float, int]] = defaultdict(lambda: defaultdict(int))

    def _series_of(self, name: str, labels: tuple[str, ...], values: tuple[str, ...]) -> Series:
        known = self._series.get((name, values))
        if known is None:
            dimensions = self._bounded(name, _dimensions(name, labels, values))
            known = self._series[(name, values)] = (name, dimensions)
        return known

    def _bounded(self, name: str, dimensions: Dimensions) -> Dimensions:
        sets = self._known[name]
        if dimensions not in sets and len(sets) >= MOST_SETS:
            return tuple((label, OTHER) for label, _ in dimensions)
        sets.add(dimensions)
        return dimensions

    def _lines(self, sums: Mapping[Series, float], seen: Mapping[Series, Mapping[float, int]]) -> Iterator[bytes]:
        moment = int(time.time() * 1000)
        documents: dict[tuple[Dimensions, int], dict[str, Any]] = defaultdict(dict)
        for (name, dimensions), total in sums.items():
            documents[dimensions, 0][name] = total
        for (name, dimensions), counts in seen.items():
            for number, part in enumerate(_batches(sorted(counts.items()), MOST_VALUES)):
                documents[dimensions, number][name] = {
                    "Values": [value for value, _ in part],
                    "Counts": [count for _, count in part],
                }
        for (dimensions, _), metrics in documents.items():
            for part in _batches(list(metrics.items()), MOST_METRICS):
                yield self._line(moment, dimensions, dict(part))

    def _line(self, moment: int, dimensions: Dimensions, metrics: Mapping[str, Any]) -> bytes:
        own = [*self._common, *(label for label, _ in dimensions)]
        # Amounts of different currencies have no sum.
        is_summed = bool(dimensions) and "currency" not in own
        directive = {
            "Namespace": NAMESPACE,
            "Dimensions": [[*self._common], own] if is_summed else [own],
            "Metrics": [{"Name": name, "Unit": _unit(name)} for name in metrics],
        }
        document = {
            "_aws": {"Timestamp": moment, "CloudWatchMetrics": [directive]},
            **self._common,
            **dict(dimensions),
            **metrics,
        }
        return orjson.dumps(document)


def _dimensions(name: str, labels: tuple[str, ...], values: tuple[str, ...]) -> Dimensions:
    kept = KEPT_LABELS.get(name, labels)
    return tuple((label, _shown(label, value)) for label, value in zip(labels, values, strict=True) if label in kept)


def _shown(label: str, value: str) -> str:
    """Return a status as its class (`2xx`) and an empty value, which CloudWatch refuses, as `other`."""
    if label == "status":
        return f"{value[:1]}xx"
    return value or OTHER


def _unit(name: str) -> str:
    if name.endswith("_seconds"):
        return "Seconds"
    if name.endswith("_bytes"):
        return "Bytes"
    return "None" if name.endswith("_minor_units_total") else "Count"


def _batches(entries: list[Any], size: int) -> Iterator[list[Any]]:
    remaining = iter(entries)
    while batch := list(itertools.islice(remaining, size)):
        yield batch


def start(environment: str, service: str, write: Callable[[bytes], None]) -> EmfMetrics:
    """Start recording in this process; a thread flushes every ten seconds, and the exit of the process flushes last."""
    metrics = EmfMetrics(environment, service, write)

    def flush_periodically() -> None:
        while True:
            time.sleep(PERIOD_SECONDS)
            metrics.flush()

    threading.Thread(target=flush_periodically, name="emf", daemon=True).start()
    atexit.register(metrics.flush)
    return metrics
