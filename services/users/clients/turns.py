"""Fair turns at one scarce place: each network gets its share, and known devices go first (docs/adr/0028)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from services.users.errors import SignInBusy
from shared.base import deadline

SHARES_KEPT = 1_000
# The longest wait without a deadline, and what of a deadline is left for the work itself and the answer.
LONGEST_WAIT_SECONDS = 10.0
ANSWER_SECONDS = 0.1


@dataclass(eq=False, slots=True)
class _Waiter:
    """One thread that waits; `start` is its place in virtual time, which grows by one with every turn of a share."""

    share: str
    is_known: bool
    start: int
    number: int
    called: threading.Event = field(default_factory=threading.Event)
    is_refused: bool = False

    @property
    def order(self) -> tuple[bool, int, int]:
        return (not self.is_known, self.start, self.number)


class FairTurns:
    """
    One turn at a time, by start-time fair queueing: many requests of one share wait for each other, not for others.

    `queue` requests may wait, each until shortly before its deadline. When the queue is full, a request that would come
    before the last one takes its place.
    """

    def __init__(self, queue: int) -> None:
        self._queue = queue
        self._lock = threading.Lock()
        self._is_taken = False
        self._waiting: list[_Waiter] = []
        self._ends: dict[str, int] = {}
        self._present = 0
        self._numbers = 0

    @contextmanager
    def turn(self, share: str, *, is_known: bool = False) -> Iterator[None]:
        """Hold the only turn; raise SignInBusy when others fill the queue or the time until the deadline."""
        waiter = self._join(share, is_known)
        if not waiter.called.wait(_longest_wait()):
            self._give_up(waiter)
        if waiter.is_refused:
            raise _busy()
        try:
            yield
        finally:
            self._pass_on()

    def waiting(self) -> int:
        """Return how many requests wait."""
        with self._lock:
            return len(self._waiting)

    def _join(self, share: str, is_known: bool) -> _Waiter:
        with self._lock:
            if self._queue < 0:
                raise _busy()
            self._numbers += 1
            start = max(self._present, self._ends.get(share, 0))
            waiter = _Waiter(share, is_known, start, self._numbers)
            if self._is_taken:
                self._wait(waiter)
            else:
                self._is_taken = True
                waiter.called.set()
            self._ends[share] = start + 1
            return waiter

    def _wait(self, waiter: _Waiter) -> None:
        if len(self._waiting) >= self._queue:
            last = max(self._waiting, key=_order, default=waiter)
            if last.order < waiter.order or last is waiter:
                raise _busy()
            self._refuse(last)
        self._waiting.append(waiter)

    def _give_up(self, waiter: _Waiter) -> None:
        """Refuse a request whose time is over, unless its turn came at this very moment."""
        with self._lock:
            if waiter in self._waiting:
                self._refuse(waiter)

    def _refuse(self, waiter: _Waiter) -> None:
        """Take a request out of the queue; what its share has behind it moves up by one turn."""
        self._waiting.remove(waiter)
        for each in self._waiting:
            if each.share == waiter.share and each.start > waiter.start:
                each.start -= 1
        if waiter.share in self._ends:
            self._ends[waiter.share] -= 1
        waiter.is_refused = True
        waiter.called.set()

    def _pass_on(self) -> None:
        with self._lock:
            if not self._waiting:
                self._is_taken = False
                self._present, self._ends = 0, {}
                return
            following = min(self._waiting, key=_order)
            self._waiting.remove(following)
            self._present = max(self._present, following.start)
            if len(self._ends) > SHARES_KEPT:
                self._ends = {share: end for share, end in self._ends.items() if end > self._present}
            following.called.set()


def _order(waiter: _Waiter) -> tuple[bool, int, int]:
    return waiter.order


def _longest_wait() -> float:
    return max(0.0, deadline.remaining(LONGEST_WAIT_SECONDS) - ANSWER_SECONDS)


def _busy() -> SignInBusy:
    return SignInBusy("Try again in a moment", retry_after_seconds=1)
