"""gunicorn's threads with two limits of ours: on heads that never end, and on clients that stay when we hang up."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

from shared.web.slow_clients import watch

# More than the five that gunicorn gives a new connection to send its first byte.
HEAD_SECONDS = float(os.environ.get("HEAD_SECONDS", "10"))


class Worker(ThreadWorker):
    """
    gunicorn 27 reads a head without a time limit, and lingers up to two seconds per closed connection in its one loop.

    Here a head has HEAD_SECONDS, and who was answered last waits for the client's end in its own thread.
    """

    def handle(self, conn: Any) -> Any:
        with ExitStack() as head:
            head.enter_context(watch.within(conn.sock, HEAD_SECONDS))
            conn.head = head
            goes_on = super().handle(conn)
        if goes_on is False:
            conn.close(graceful=True)
            conn.close = _closed_already
        return goes_on

    def handle_request(self, req: Any, conn: Any) -> Any:
        conn.head.close()
        return super().handle_request(req, conn)


def _closed_already(graceful: bool = False) -> None:
    """Stand in for closing what is closed: the loop only counts it."""
