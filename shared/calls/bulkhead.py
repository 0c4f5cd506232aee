"""A bulkhead: a limit on the calls under way to one upstream, so that a slow upstream cannot use up every thread."""

from __future__ import annotations

import threading


class Bulkhead:
    """Counts the calls under way; a full bulkhead refuses at once, calls with a smaller share earlier."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._taken = 0
        self._lock = threading.Lock()

    def enter(self, share: float = 1.0) -> bool:
        """Take a place and return True, or return False when `share` of the places is taken."""
        with self._lock:
            if self._taken >= max(1, int(self._places * share)):
                return False
            self._taken += 1
            return True

    def leave(self) -> None:
        """Free the place of a call that is over."""
        with self._lock:
            self._taken -= 1
