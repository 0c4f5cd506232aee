"""
Worker of gunicorn whose threads serve whole requests only: its loop receives requests and sends what clients read late.

docs/adr/0034 has the reasons and the figures.
"""

from __future__ import annotations

import errno
import os
import resource
import selectors
import time
from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import Any

from gunicorn.http.body import ChunkedReader
from gunicorn.workers.gthread import ThreadWorker

from shared.base.errors import Problem
from shared.web.arrivals import ArrivalLimits, unchunked
from shared.web.client_connections import ClientConnection, Crowd, Phase
from shared.web.hosts import check_host
from shared.web.refused_requests import problem_for, refuse

LOOK_SECONDS = 0.25
# A stopping process keeps connections without a request for this long: a client may be sending one already.
STOP_IDLE_SECONDS = 2.0
READ_BYTES = 64 * 1024
ACCEPTS = 32
FILE_BYTES = int(os.environ.get("WEB_FILE_BYTES", str(512 * 1024 * 1024)))
TRUSTED = tuple(each.strip() for each in os.environ.get("TRUSTED_PROXIES", "").split(",") if each.strip())
SHARE = int(os.environ.get("WEB_SLOW_SHARE", "64"))
_NOT_NOW = (errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED, errno.EINTR)
_NO_FILES = (errno.EMFILE, errno.ENFILE)


class Worker(ThreadWorker):
    """
    The loop receives requests with their bodies and gives each to a thread when it is whole.

    Slow clients hold a connection, a few bytes and perhaps a file, and no thread. Each address has a share of slow
    connections; when there are no places for connections, the longest waiting one of the address with most is closed.
    """

    def init_process(self) -> None:
        _allow_files(2 * self.worker_connections + 256)
        self._crowd = Crowd(SHARE)
        self._look_at = 0.0
        super().init_process()

    def load_wsgi(self) -> None:
        super().load_wsgi()
        self._application: Any = self.wsgi
        self._limits = ArrivalLimits.of(self.wsgi)
        self.wsgi: Any = self._answer

    # The loop

    def run(self) -> None:
        self.poller.register(self.method_queue.fileno(), selectors.EVENT_READ, self.method_queue.run_callbacks)
        while self.alive and self.is_parent_alive():
            self.set_accept_enabled(self.nr_conns < self.worker_connections or len(self._crowd) > 0)
            self._turn()
        self._stop()

    def _turn(self) -> None:
        self.wait_for_and_dispatch_events(timeout=LOOK_SECONDS if len(self._crowd) else 1.0)
        now = time.monotonic()
        if now >= self._look_at:
            self._look_at = now + LOOK_SECONDS
            self.notify()
            for connection in self._crowd.overdue(now):
                self._end_waiting(connection)
            for connection in self._crowd.beyond_share(now):
                self._drop(connection)
            for connection in self._crowd.beyond_files(FILE_BYTES):
                self._drop(connection)

    def _stop(self) -> None:
        """Take what has already connected, close the listeners at once, and finish what began."""
        self.set_accept_enabled(False)
        for listener in self.sockets:
            while self._accept_one(listener):
                pass
            listener.close()
        latest = time.monotonic() + STOP_IDLE_SECONDS
        for connection in self._crowd.idle():
            connection.end_idling(latest)
        ends_at = time.monotonic() + self.cfg.graceful_timeout
        while self.nr_conns > 0 and time.monotonic() < ends_at:
            self._turn()
        self.tpool.shutdown(wait=False, cancel_futures=True)
        self.poller.close()
        self.method_queue.close()

    def accept(self, listener: Any) -> None:
        for _ in range(ACCEPTS):
            if not self._accept_one(listener):
                return

    def _accept_one(self, listener: Any) -> bool:
        """Accept a connection, and return whether there was one and a place for it."""
        if self.nr_conns >= self.worker_connections and not self._make_place():
            return False
        try:
            sock, client = listener.accept()
        except OSError as failure:
            if failure.errno in _NO_FILES:
                return self._make_place()
            if failure.errno not in _NOT_NOW:
                raise
            return False
        self.nr_conns += 1
        connection = ClientConnection(sock, client, listener.getsockname(), self.cfg, self._limits)
        self._wait_for(connection, selectors.EVENT_READ, self._on_readable)
        return True

    def _make_place(self) -> bool:
        connection = self._crowd.longest_of_largest()
        if connection is not None:
            self._drop(connection)
        return connection is not None

    def _wait_for(self, connection: ClientConnection, event: int, react: Callable[[ClientConnection], None]) -> None:
        self._crowd.add(connection)
        self.poller.register(connection.raw, event, partial(self._on_event, connection, react))

    def _on_event(self, connection: ClientConnection, react: Callable[[ClientConnection], None], _: Any) -> None:
        if connection in self._crowd:  # an event before this one in the same round may have closed it
            react(connection)

    def _stop_waiting(self, connection: ClientConnection) -> None:
        self._crowd.remove(connection)
        self.poller.unregister(connection.raw)

    def _drop(self, connection: ClientConnection) -> None:
        self._stop_waiting(connection)
        self._close(connection)

    def _close(self, connection: ClientConnection) -> None:
        self.nr_conns -= 1
        connection.close()

    def _end_waiting(self, connection: ClientConnection) -> None:
        """End an overdue wait: with an answer where a request has begun."""
        if connection.phase is Phase.RECEIVING and connection.arrival.cut(is_overdue=True):
            self._dispatch(connection)
        else:
            self._drop(connection)

    # Receiving

    def _on_readable(self, connection: ClientConnection) -> None:
        arrival = connection.arrival
        try:
            piece = connection.raw.recv(READ_BYTES)
            is_over = self._feed(connection, piece) if piece else arrival.cut(is_overdue=False)
            if arrival.must_continue:
                arrival.must_continue = False
                connection.raw.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        except BlockingIOError:
            return
        except OSError:  # of the connection, or of the file of its body
            self._drop(connection)
            return
        if is_over:
            self._dispatch(connection)
        elif not piece:
            self._drop(connection)

    def _feed(self, connection: ClientConnection, piece: bytes) -> bool:
        """Add received bytes to the request, whose head tells where it came from; return whether they end it."""
        had_head = connection.arrival.head_length
        is_over = connection.arrival.feed(piece, time.monotonic())
        if TRUSTED and connection.arrival.head_length and not had_head:
            connection.count_by_forwarded(TRUSTED)
        return is_over

    def _dispatch(self, connection: ClientConnection) -> None:
        self._stop_waiting(connection)
        self._serve(connection)

    def _serve(self, connection: ClientConnection) -> None:
        connection.phase = Phase.SERVED
        connection.arrival.begin_reading()
        self.enqueue_req(connection)

    # In a thread

    def handle(self, conn: Any) -> bool:
        is_kept_alive = super().handle(conn) is True
        conn.sock.finish()
        return is_kept_alive and conn.arrival.is_whole

    def handle_request(self, req: Any, conn: Any) -> Any:
        req._expected_100_continue = False  # the loop has sent it
        conn.sock.has_promised_more = False
        arrival = conn.arrival
        if not arrival.is_whole:
            req.force_close()
        if arrival.problem is not None:
            raise arrival.problem
        arrival.check(req.body.reader)
        check_host(req)
        if isinstance(req.body.reader, ChunkedReader):
            req.body = unchunked(req.body)
        try:
            return super().handle_request(req, conn) or conn.sock.has_promised_more
        finally:
            if hasattr(req.body, "close"):
                req.body.close()
                req.body = BytesIO()  # gunicorn discards what the application did not read

    def _answer(self, environ: Any, start_response: Any) -> Any:
        """Call the application; a response that begins while the process stops says that the connection closes."""

        def start(*arguments: Any) -> Any:
            if not self.alive:
                start_response.__self__.force_close()
            return start_response(*arguments)

        return self._application(environ, start)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Let the application render the refusal of a request; gunicorn's own page remains for its crashes."""
        problem = problem_for(exc)
        if problem is None:
            self.log.error("Error handling a request", exc_info=exc)
            problem = Problem()
        try:
            refuse(self._application, self.cfg, req, client, addr, problem)
        except OSError:
            self.log.debug("The client left before its refusal")
        except Exception as failure:
            super().handle_error(req, client, addr, failure)

    # After a request

    def finish_request(self, conn: Any, fs: Any) -> None:
        conn.keeps_alive = not fs.cancelled() and fs.exception() is None and fs.result()
        if conn.sock.fileno() < 0:
            self._close(conn)  # a response that broke off
        elif conn.sock.has_kept:
            conn.phase = Phase.SENDING
            self._wait_for(conn, selectors.EVENT_WRITE, self._on_writable)
        else:
            self._go_on(conn)

    def _on_writable(self, connection: ClientConnection) -> None:
        try:
            is_sent = connection.sock.flush()
        except OSError:
            self._drop(connection)
            return
        if is_sent:
            self._stop_waiting(connection)
            self._go_on(connection)

    def _go_on(self, connection: ClientConnection) -> None:
        """Wait for the next request of a connection, or close it."""
        if not connection.keeps_alive:
            self._begin_close(connection)
            return
        rest = connection.expect_next(self.cfg.keepalive if self.alive else STOP_IDLE_SECONDS)
        try:
            is_over = bool(rest) and self._feed(connection, rest)
        except OSError:
            self._close(connection)
            return
        if is_over:
            self._serve(connection)
        else:
            self._wait_for(connection, selectors.EVENT_READ, self._on_readable)

    def _begin_close(self, connection: ClientConnection) -> None:
        if connection.begin_lingering():
            self._wait_for(connection, selectors.EVENT_READ, self._on_lingering)
        else:
            self._close(connection)

    def _on_lingering(self, connection: ClientConnection) -> None:
        try:
            goes_on = connection.discard(connection.raw.recv(READ_BYTES))
        except BlockingIOError:
            return
        except OSError:
            goes_on = False
        if not goes_on:
            self._drop(connection)


def _allow_files(count: int) -> None:
    """Raise this process' limit of open files to `count`, as far as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < count:
        wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
