"""What the person at the keyboard sees while the replay runs."""

from __future__ import annotations

import sys
import threading
import time
from typing import TextIO

EVERY_SECONDS = 5.0


class Progress:
    """Prints steps as they come and, while trading, one line every few seconds."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._started = time.monotonic()
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {"orders": 0, "shipped": 0, "returns": 0, "failed": 0}
        self._placed_here = 0
        self._goals: dict[str, int] = {}
        self._said_at = 0.0
        self._trading_since = 0.0
        self._traded_until: float | None = None

    def say(self, text: str) -> None:
        print(f"[{time.monotonic() - self._started:6.1f} s] {text}", file=self._stream, flush=True)

    def start_trading(self, *, orders: int, returns: int) -> None:
        self._goals = {"orders": orders, "returns": returns}
        self._trading_since = time.monotonic()

    def finish_trading(self) -> None:
        self._traded_until = time.monotonic()
        self.say(self._line())

    def count(self, what: str, *, is_new: bool = True) -> None:
        """Count one order, shipment or return as done; `is_new` when this run did it."""
        with self._lock:
            self._counts[what] += 1
            self._placed_here += what == "orders" and is_new
            if time.monotonic() - self._said_at < EVERY_SECONDS:
                return
            self._said_at = time.monotonic()
        self.say(self._line())

    def orders_per_second(self) -> float:
        """Return the orders this run placed per second of trading."""
        until = self._traded_until or time.monotonic()
        return self._placed_here / max(until - self._trading_since, 0.001)

    def placed_here(self) -> int:
        return self._placed_here

    def _line(self) -> str:
        done = self._counts
        failed = f" | failed {done['failed']:,}" if done["failed"] else ""
        return (
            f"orders {done['orders']:,}/{self._goals['orders']:,} | shipped {done['shipped']:,} | "
            f"returns {done['returns']:,}/{self._goals['returns']:,} | {self.orders_per_second():.1f} orders/s{failed}"
        )
