"""Stops listening to clients whose heads or bodies take too long: gunicorn's threads would wait for them for ever."""

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
    """Return how long a body of so many bytes may take to arrive."""
    return GRACE_SECONDS + length / SLOWEST_BYTES_PER_SECOND


class Arrival:
    """A head or body on its way; `is_overdue` once its connection is no longer listened to."""

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
        Let the read that waits come to its end.

        A socket's own timeout is per read, so that one byte a time keeps it from ever passing. The other direction
        stays open for the answer, and nothing is left that closing the connection would have to wait for.
        """
        try:
            self._connection.shutdown(socket.SHUT_RD)
        except OSError:
            return  # it is closed already


class Watch:
    """Watches all arrivals of a process with one thread, which is there from the first one on."""

    def __init__(self) -> None:
        self._arrivals: set[Arrival] = set()
        self._lock = threading.Lock()
        self._some = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def within(self, connection: Any, seconds: float) -> Iterator[Arrival]:
        """Give what the block reads from `connection` so many seconds in all; without a connection, any time."""
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
