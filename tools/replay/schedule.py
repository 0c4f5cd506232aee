"""Many companies, few threads: who is served next."""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Sequence

from tools.replay.api import Stopped
from tools.replay.trading import CompanyTrade

JOIN_SECONDS = 0.2
# In units of the shortest pause.
LONGEST_PAUSE = 8


class Schedule:
    """Serves companies from several threads, in the order given; one that waits for the platform comes back later."""

    def __init__(self, trades: Sequence[CompanyTrade], ask_again_seconds: float) -> None:
        self._trades = trades
        self._ask_again_seconds = ask_again_seconds
        # By position: the company first in the given order is served first, also when it returns from waiting.
        self._ready = list(range(len(trades)))
        self._waiting: list[tuple[float, int]] = []
        self._unfinished = len(trades)
        self._changed = threading.Condition()
        self._crash: BaseException | None = None

    def serve(self, threads: int) -> None:
        """Return when every company is through; raises Stopped, or what a thread died of."""
        workers = [threading.Thread(target=self._work, name=f"replay-{n}", daemon=True) for n in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            # In slices, because an uninterruptible join would swallow Ctrl-C.
            while worker.is_alive():
                worker.join(JOIN_SECONDS)
        if self._crash is not None:
            raise self._crash

    def _work(self) -> None:
        try:
            while (position := self._take()) is not None:
                self._put_back(position, is_done=self._trades[position].advance())
        except BaseException as cause:  # whatever it is, it ends all threads and is raised by serve()
            with self._changed:
                if self._crash is None or isinstance(self._crash, Stopped):
                    self._crash = cause
                self._changed.notify_all()

    def _take(self) -> int | None:
        with self._changed:
            while self._unfinished and self._crash is None:
                now = time.monotonic()
                while self._waiting and self._waiting[0][0] <= now:
                    heapq.heappush(self._ready, heapq.heappop(self._waiting)[1])
                if self._ready:
                    return heapq.heappop(self._ready)
                self._changed.wait(self._waiting[0][0] - now if self._waiting else self._ask_again_seconds)
            return None

    def _put_back(self, position: int, *, is_done: bool) -> None:
        with self._changed:
            if is_done:
                self._unfinished -= 1
            else:
                heapq.heappush(self._waiting, (time.monotonic() + self._pause(position), position))
            self._changed.notify_all()

    def _pause(self, position: int) -> float:
        """Poll a busy platform at growing intervals: each poll reads a whole order."""
        return self._ask_again_seconds * min(self._trades[position].looks, LONGEST_PAUSE)
