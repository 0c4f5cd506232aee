"""Retries of operations that lost to another write of the same document."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from shared.base.errors import VersionConflict

P = ParamSpec("P")
T = TypeVar("T")

CONFLICT_ATTEMPTS = 8
CONFLICT_PAUSE_SECONDS = 0.005


def retry_on_version_conflict(operation: Callable[P, T]) -> Callable[P, T]:
    """
    Return `operation` with up to CONFLICT_ATTEMPTS attempts: after a VersionConflict it runs again from its start.

    Pauses with full jitter, doubling from CONFLICT_PAUSE_SECONDS (0.6 s in total at most), separate the contenders.

    For an operation that reads, decides and commits once. A subclass of VersionConflict is a decision of the
    operation and is raised at once. After the last attempt the VersionConflict is raised.
    """

    @wraps(operation)
    def retried(*args: P.args, **kwargs: P.kwargs) -> T:
        for attempt in range(CONFLICT_ATTEMPTS - 1):
            try:
                return operation(*args, **kwargs)
            except VersionConflict as conflict:
                if type(conflict) is not VersionConflict:
                    raise
            time.sleep(random.uniform(0, CONFLICT_PAUSE_SECONDS * 2**attempt))  # noqa: S311 (spreads contenders)
        return operation(*args, **kwargs)

    return retried
