"""Worker of gunicorn with two more timeouts: for incomplete request headers and for lingering closes."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

from shared.web.slow_clients import watch

# More than the five seconds in which gunicorn expects the first byte of a new connection.
HEAD_SECONDS = float(os.environ.get("HEAD_SECONDS", "10"))


class Worker(ThreadWorker):
    """
    gunicorn 27 reads request headers without a timeout, and its loop lingers up to two seconds per closed connection.

    Here the headers must arrive within HEAD_SECONDS, and a lingering close waits in the thread of its request.
    """

    def handle(self, conn: Any) -> Any:
        with ExitStack() as head:
            head.enter_context(watch.within(conn.sock, HEAD_SECONDS))
            conn.head = head
            is_kept_alive = super().handle(conn)
        if is_kept_alive is False:
            conn.close(graceful=True)
            conn.close = _closed_already
        return is_kept_alive

    def handle_request(self, req: Any, conn: Any) -> Any:
        conn.head.close()
        return super().handle_request(req, conn)


def _closed_already(graceful: bool = False) -> None:
    """Do nothing: the connection is closed already, and the loop only counts it."""
