"""A bulkhead: a limit on the calls under way to one upstream, and a short queue of the calls that wait for a place."""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

# The usual time of a call is a mean over about so many calls, and unknown before.
REMEMBERED_CALLS = 10
# The share of its time that a call waits for a place.
WAIT_SHARE = 0.2
# A call joins the queue when four fifths of its time are enough at the usual pace: so few calls wait in vain.
HOPE = 0.8
# No place was freed for this long (or for twice the usual time of a call): the upstream has stopped, do not wait.
STALLED_SECONDS = 1.0
STALLED_RATIO = 2.0


@dataclass(order=True, slots=True)
class _Waiter:
    """A call in the queue: a larger share first, then the order of arrival; `gate` opens when it gets a place."""

    rank: float
    number: int
    share: float = field(compare=False)
    gate: threading.Lock = field(default_factory=threading.Lock, compare=False)
    has_place: bool = field(default=False, compare=False)
    has_left: bool = field(default=False, compare=False)


class Bulkhead:
    """
    Counts the calls under way and the calls that wait; calls with a smaller share of the places are refused earlier.

    A call waits only if it can expect a place in time, at the pace at which places become free; otherwise it is
    refused at once. `capacity` is the largest number of calls under way and waiting together, because each of them
    occupies a thread. A place that becomes free goes to the waiting call with the largest share.
    """

    def __init__(self, places: int, *, capacity: int = 0, clock: Callable[[], float] = time.monotonic) -> None:
        self._places = places
        self._capacity = max(capacity or 2 * places, places)
        self._clock = clock
        self._lock = threading.Lock()
        self._taken = 0
        self._queue: list[_Waiter] = []
        self._waiting: dict[float, int] = {}
        self._numbers = count()
        self._usual_seconds = 0.0
        self._measured = 0
        self._freed_at = clock()

    @property
    def places(self) -> int:
        return self._places

    @property
    def taken(self) -> int:
        return self._taken

    @property
    def waiting(self) -> int:
        return sum(self._waiting.values())

    def enter(self, share: float = 1.0, *, wait_seconds: float = 0.0, hope: float = HOPE) -> bool:
        """
        Take a place and return True; False when `share` of the places is taken and none becomes free in time.

        `hope` is the multiple of `wait_seconds` that the expected wait may reach; above 1 the call waits although
        the pace must rise to serve it in time.
        """
        with self._lock:
            if self._has_room(share):
                self._take()
                return True
            if not self._may_wait(share, wait_seconds, hope):
                return False
            waiter = self._line_up(share)
        waiter.gate.acquire(timeout=max(0.0, wait_seconds))
        with self._lock:
            if not waiter.has_place:
                waiter.has_left = True
                self._waiting[share] -= 1
            return waiter.has_place

    def leave(self, seconds: float | None = None) -> None:
        """Free the place of a call that is over and took `seconds`; None: its time says nothing about the next one."""
        with self._lock:
            self._taken -= 1
            self._freed_at = self._clock()
            if seconds is not None:
                self._measured = min(self._measured + 1, REMEMBERED_CALLS)
                self._usual_seconds += (seconds - self._usual_seconds) / self._measured
            self._admit_waiting()

    def resize(self, places: int) -> None:
        """Set the number of places; calls under way keep theirs."""
        with self._lock:
            self._places = places
            self._admit_waiting()

    def _has_room(self, share: float) -> bool:
        return self._taken < max(1, int(self._places * share))

    def _take(self) -> None:
        if not self._taken:
            self._freed_at = self._clock()
        self._taken += 1

    def _may_wait(self, share: float, wait_seconds: float, hope: float) -> bool:
        if self._taken + self.waiting >= max(1, int(self._capacity * share)):
            return False
        stalled = self._clock() - self._freed_at
        if stalled > max(min(wait_seconds, STALLED_SECONDS), STALLED_RATIO * self._usual_seconds):
            return False
        if self._measured < REMEMBERED_CALLS:
            return True
        ahead = sum(waiting for other, waiting in self._waiting.items() if other >= share)
        expected = (ahead + 1) * self._usual_seconds / max(1, self._taken)
        return expected < hope * wait_seconds

    def _line_up(self, share: float) -> _Waiter:
        waiter = _Waiter(-share, next(self._numbers), share)
        waiter.gate.acquire()
        heapq.heappush(self._queue, waiter)
        self._waiting[share] = self._waiting.get(share, 0) + 1
        return waiter

    def _admit_waiting(self) -> None:
        while self._queue and (self._queue[0].has_left or self._has_room(self._queue[0].share)):
            waiter = heapq.heappop(self._queue)
            if not waiter.has_left:
                self._take()
                self._waiting[waiter.share] -= 1
                waiter.has_place = True
                waiter.gate.release()
