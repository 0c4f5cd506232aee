"""Total timeouts for request headers and bodies, since gunicorn's threads have a timeout per read only."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

GRACE_SECONDS = 10.0
SLOWEST_BYTES_PER_SECOND = 64 * 1024
LOOK_SECONDS = 0.25


def seconds_for(length: int) -> float:
    """Return the timeout in seconds for a body of `length` bytes."""
    return GRACE_SECONDS + length / SLOWEST_BYTES_PER_SECOND


class Arrival:
    """Headers or a body being received; `is_overdue` after its timeout, when no more is read from the connection."""

    def __init__(self, connection: Any, seconds: float) -> None:
        self._connection = connection
        self._due_at = time.monotonic() + seconds
        self.is_overdue = False

    def stop_if_due(self, now: float) -> None:
        if now >= self._due_at and not self.is_overdue:
            self.is_overdue = True
            self.stop()

    def stop(self) -> None:
        """
        End the blocked read by closing the receiving side of the connection.

        The timeout of a socket is per read: a client that sends single bytes never exceeds it. The sending side stays
        open for the answer, and a later close has nothing to wait for.
        """
        try:
            self._connection.shutdown(socket.SHUT_RD)
        except OSError:
            return  # the connection is closed already


class Watch:
    """Checks all arrivals of a process in one thread, which starts with the first arrival."""

    def __init__(self) -> None:
        self._arrivals: set[Arrival] = set()
        self._lock = threading.Lock()
        self._some = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def within(self, connection: Any, seconds: float) -> Iterator[Arrival]:
        """Limit all reads of the block from `connection` to `seconds` in total; None as connection means no limit."""
        arrival = Arrival(connection, seconds)
        if connection is None:
            yield arrival
            return
        with self._lock:
            self._arrivals.add(arrival)
            self._some.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="slow-clients", daemon=True)
                self._thread.start()
        try:
            yield arrival
        finally:
            with self._lock:
                self._arrivals.discard(arrival)
                if not self._arrivals:
                    self._some.clear()

    def _look(self) -> None:
        while self._some.wait():
            now = time.monotonic()
            with self._lock:
                arrivals = list(self._arrivals)
            for arrival in arrivals:
                arrival.stop_if_due(now)
            time.sleep(LOOK_SECONDS)


watch = Watch()
