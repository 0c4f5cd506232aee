"""Limits of each dependency in one table: attempts, timeouts, pool, bulkhead and breaker."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any

from shared.base.errors import SettingsInvalid


@dataclass(frozen=True, kw_only=True)
class DependencyLimits:
    """
    Limits of one dependency, per process. Times are seconds.

    `attempts` includes the first attempt. `bulkhead` is the number of calls at the same time, `pool` the number of
    connections that are kept. The breaker opens for `breaker_open_seconds` when at least `breaker_calls` calls ended
    within `breaker_window_seconds` and the share `breaker_ratio` of them failed or took longer than `slow_seconds`.
    """

    attempts: int = 2
    connect_timeout: float = 0.5
    read_timeout: float = 2.0
    pool: int = 32
    bulkhead: int = 32
    slow_seconds: float = 1.5
    breaker_calls: int = 20
    breaker_ratio: float = 0.5
    breaker_window_seconds: int = 10
    breaker_open_seconds: float = 5.0
    retry_ratio: float = 0.1


DEFAULT = DependencyLimits()

# A caller's timeout is longer than its upstream's: gateway > orders > payments > psp. Else answers come too late.
LIMITS: dict[str, DependencyLimits] = {
    "gateway": replace(DEFAULT, read_timeout=10.0, pool=64, bulkhead=64, slow_seconds=8.0),
    "users": DEFAULT,
    "products": DEFAULT,
    "orders": replace(DEFAULT, read_timeout=8.0, slow_seconds=6.5),
    "payments": replace(DEFAULT, read_timeout=6.0, slow_seconds=5.5),
    "search": DEFAULT,
    "notifications": DEFAULT,
    "psp": replace(DEFAULT, connect_timeout=1.0, read_timeout=5.0, pool=16, bulkhead=16, slow_seconds=4.0),
    "mongodb": replace(DEFAULT, connect_timeout=2.0, slow_seconds=1.0),
    "redis": replace(DEFAULT, connect_timeout=0.25, read_timeout=0.25, slow_seconds=0.2),
    # AWS services have the names that boto3 gives them.
    "sesv2": replace(DEFAULT, connect_timeout=1.0, read_timeout=5.0, pool=8, bulkhead=8, slow_seconds=4.0),
    "sns": replace(DEFAULT, connect_timeout=1.0, pool=8, bulkhead=8),
    "s3": replace(DEFAULT, connect_timeout=1.0, read_timeout=5.0, pool=8, bulkhead=8, slow_seconds=4.0),
    # ReceiveMessage waits at the server for new messages, up to a second.
    "sqs": replace(DEFAULT, connect_timeout=1.0, read_timeout=5.0, pool=8, bulkhead=8, slow_seconds=4.0),
    "ssm": replace(DEFAULT, attempts=4, connect_timeout=1.0, read_timeout=5.0, pool=4, bulkhead=4),
    "secretsmanager": replace(DEFAULT, attempts=4, connect_timeout=1.0, read_timeout=5.0, pool=4, bulkhead=4),
    "servicediscovery": replace(DEFAULT, connect_timeout=1.0, pool=4, bulkhead=4),
    "ecr": replace(DEFAULT, attempts=4, connect_timeout=2.0, read_timeout=10.0, pool=2, bulkhead=2),
    "kms": replace(DEFAULT, connect_timeout=1.0, pool=8, bulkhead=8),
    "cloudinary": replace(DEFAULT, connect_timeout=1.0, read_timeout=5.0, pool=8, bulkhead=8, slow_seconds=4.0),
}


def _variable(dependency: str, field: str) -> str:
    return f"LIMIT_{dependency}_{field}".upper().replace("-", "_")


def read_limits(dependency: str, environment: Mapping[str, str]) -> DependencyLimits:
    """Return the limits of `dependency` (unknown: DEFAULT) with the changes of LIMIT_<DEPENDENCY>_<FIELD>."""
    limits = LIMITS.get(dependency, DEFAULT)
    changes: dict[str, Any] = {}
    faults: list[str] = []
    for field in fields(DependencyLimits):
        name = _variable(dependency, field.name)
        raw = environment.get(name, "")
        if not raw:
            continue
        try:
            changes[field.name] = _positive(raw, type(getattr(limits, field.name)))
        except ValueError:
            faults.append(f"{name} is {raw!r}; it must be a number above 0")
    if faults:
        raise SettingsInvalid("; ".join(faults))
    return replace(limits, **changes)


def _positive(raw: str, kind: type) -> int | float:
    value: int | float = int(raw) if kind is int else float(raw)
    if not 0 < value < float("inf"):
        raise ValueError(raw)
    return value


@cache
def limits_for(dependency: str) -> DependencyLimits:
    """Return the limits of this process, read from the environment once."""
    return read_limits(dependency, os.environ)


def describe_limits(environment: Mapping[str, str] | None = None) -> str:
    """Return the table as text, a dependency per line; values from the environment are marked with `*`."""
    source = os.environ if environment is None else environment
    names = [field.name for field in fields(DependencyLimits)]
    rows = [["dependency", *names]]
    for dependency, defaults in LIMITS.items():
        limits = read_limits(dependency, source)
        cells = []
        for name in names:
            value = getattr(limits, name)
            cells.append(f"{value:g}{'*' if value != getattr(defaults, name) else ''}")
        rows.append([dependency, *cells])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
