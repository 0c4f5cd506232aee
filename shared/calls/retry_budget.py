"""The retry budget of an upstream: retries are a share of its calls."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

# With little traffic a share of it allows no retry at all, so one per this many seconds is always allowed.
SECONDS_PER_FREE_RETRY = 10.0
LARGEST_RETRY_BALANCE = 10.0


class RetryBudget:
    """Limits retries to `ratio` of the calls, so that a failing upstream gets 1.1 times its load, not twice."""

    def __init__(self, ratio: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._ratio = ratio
        self._clock = clock
        self._lock = threading.Lock()
        self._balance = 1.0
        self._refilled_at = clock()

    def deposit(self) -> None:
        """Count one first attempt."""
        with self._lock:
            self._add(self._ratio)

    def withdraw(self) -> bool:
        """Return True when one retry may be made, and count it."""
        with self._lock:
            now = self._clock()
            self._add((now - self._refilled_at) / SECONDS_PER_FREE_RETRY if self._balance < 1 else 0.0)
            self._refilled_at = now
            # Ten deposits of 0.1 add up to a little less than 1.
            if self._balance < 1 - 1e-9:
                return False
            self._balance -= 1
            return True

    def _add(self, share: float) -> None:
        self._balance = min(LARGEST_RETRY_BALANCE, self._balance + share)
