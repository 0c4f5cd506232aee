"""One HTTP call to an upstream: bulkhead, breaker and its judge, pooled connection, one repetition after a hang-up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import orjson

from shared.base import deadline
from shared.calls.bulkhead import HOPE, WAIT_SHARE
from shared.calls.connections import Pool, pools_for
from shared.calls.failures import ConnectionBroken, NoResponse, TimedOut, Unreachable
from shared.calls.outcomes import Admission, CallOutcome
from shared.calls.resilience import Upstream
from shared.calls.wire import Body, Connection, Headers, IncomingResponse, header
from shared.observe.observability import get_logger

log = get_logger()

PROBLEM_TYPE = "application/problem+json"
# Statuses by which an upstream, or a proxy in front of it, says that it cannot serve.
FAILING_STATUSES = frozenset({502, 503, 504})
STREAMED_FROM_BYTES = 256 * 1024
STREAM_IDLE_SECONDS = 15.0
LARGEST_RESPONSE_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """
    A request for an upstream.

    `fields` are finished header lines; `expires_at` is a `time.monotonic()` moment; `may_repeat` says that running it
    twice does no harm (a safe method, or one with an Idempotency-Key). `is_hurried`: the caller had less time than the
    upstream may take, so a timeout says nothing about the upstream. `is_probe`: the status is a report about the
    upstream's own dependencies. `share` is the part of the bulkhead's places this call may fill, `wait_share` the part
    of its time that it waits for a place, `hope` the multiple of that which the expected wait may reach. `route` names
    calls whose latencies can be compared; empty: none. `is_streamed` leaves a large body to be read by the caller;
    otherwise the whole body is read before the call returns.
    """

    method: str
    target: str
    fields: str
    expires_at: float
    body: Body | None = None
    may_repeat: bool = False
    is_hurried: bool = False
    is_probe: bool = False
    share: float = 1.0
    wait_share: float = WAIT_SHARE
    hope: float = HOPE
    route: str = ""
    is_streamed: bool = False

    @property
    def seconds_left(self) -> float:
        return self.expires_at - time.monotonic()

    @property
    def can_repeat(self) -> bool:
        return self.may_repeat and (self.body is None or self.body.can_rewind)

    def repeated(self) -> Request:
        """Return the request as it is sent a second time; the upstream then makes no retries of its own."""
        return replace(self, fields=f"{self.fields}X-Retried: 1\r\n") if "X-Retried" not in self.fields else self

    def head(self, host: str) -> bytes:
        """Return the request's head with the deadline as it is now, after the call has waited for its place."""
        framing = "" if self.body is None else self.body.framing()
        left = f"{deadline.HEADER}: {deadline.header_value(self.seconds_left)}\r\n"
        head = f"{self.method} {self.target} HTTP/1.1\r\nHost: {host}\r\n{framing}{left}{self.fields}\r\n"
        return head.encode("latin-1")


class Response:
    """
    An upstream's response.

    `content` is its whole body, or empty for a `streamed` one: then iterating reads the body from the connection, and
    `close()` frees the place in the bulkhead, also when the body was not read to its end.
    """

    __slots__ = ("_incoming", "_release", "content", "headers", "length", "status")

    def __init__(self, status: int, headers: Headers, content: bytes = b"") -> None:
        self.status = status
        self.headers = headers
        self.content = content
        self.length: int | None = len(content)
        self._incoming: IncomingResponse | None = None
        self._release: Callable[[], None] | None = None

    @classmethod
    def streamed(cls, incoming: IncomingResponse, release: Callable[[], None]) -> Response:
        """Return a response whose body is read by its caller; `release` is called once, by `close()`."""
        response = cls(incoming.status, incoming.headers)
        response.length = incoming.length
        response._incoming = incoming
        response._release = release
        return response

    def header(self, name: str) -> str:
        """Return the value of the field `name` (lower case), empty when absent."""
        return header(self.headers, name)

    def json(self) -> Any:
        """Return the parsed body, None when there is none; raise ValueError when it is not JSON."""
        return orjson.loads(self.content) if self.content else None

    def __iter__(self) -> Iterator[bytes]:
        if self._incoming is None:
            return iter((self.content,))
        return self._incoming.pieces(expires_at=0.0, idle_seconds=STREAM_IDLE_SECONDS)

    def close(self) -> None:
        if self._release is not None:
            release, self._release = self._release, None
            release()


class HttpUpstream:
    """
    Calls one service at `http(s)://host[:port]`, or the instances of `cloudmap://namespace/service[:port]` in turn.

    `upstream` holds the breaker and the bulkhead, which may be shared by several clients of the same service.
    """

    def __init__(self, upstream: Upstream, url: str) -> None:
        self.upstream = upstream
        self._next_pool = pools_for(url, size=upstream.limits.pool)
        self._host = upstream.name if url.startswith("cloudmap://") else urlsplit(url).netloc.rpartition("@")[2]

    def call(self, request: Request) -> Response:
        """Return the upstream's response, whatever its status; raise NoResponse when there is none."""
        upstream = self.upstream
        wait_seconds = request.wait_share * request.seconds_left
        admission = upstream.admit(request.share, wait_seconds=wait_seconds, hope=request.hope)
        try:
            response = self._exchange(request, admission)
        except BaseException as failure:
            upstream.leave(admission)
            upstream.settle(admission, _outcome_of_failure(failure, request))
            raise
        # A refusal (4xx) is quicker than the work it refuses: it says nothing about the latency.
        upstream.settle(admission, _outcome(response, request), route=request.route if response.status < 400 else "")
        return response

    def _exchange(self, request: Request, admission: Admission) -> Response:
        try:
            pool = self._next_pool()
            incoming = self._incoming(pool, request)
            try:
                return self._response(pool, incoming, request, admission)
            except BaseException:
                incoming.connection.close()
                raise
        except TimeoutError as failure:
            raise TimedOut(f"{self.upstream.name} took too long") from failure
        except OSError as failure:
            raise Unreachable(f"{self.upstream.name} cannot be reached") from failure

    def _response(self, pool: Pool, incoming: IncomingResponse, request: Request, admission: Admission) -> Response:
        if request.is_streamed and (incoming.length is None or incoming.length > STREAMED_FROM_BYTES):
            return Response.streamed(incoming, lambda: self._finish(pool, incoming, admission))
        content = incoming.read(expires_at=request.expires_at, limit=LARGEST_RESPONSE_BYTES)
        self._finish(pool, incoming, admission)
        return Response(incoming.status, incoming.headers, content)

    def _finish(self, pool: Pool, incoming: IncomingResponse, admission: Admission) -> None:
        """Free the place in the bulkhead; keep the connection of a response that was read, else close it."""
        self.upstream.leave(admission)
        if incoming.is_complete and incoming.keeps_alive:
            pool.give_back(incoming.connection)
        else:
            incoming.connection.close()

    def _incoming(self, pool: Pool, request: Request) -> IncomingResponse:
        """
        Send on an idle connection, else on a new one, and once more on a new one after a hang-up.

        A hang-up is a connection that was closed before any byte of the response, as by a process that stops. The
        request is sent again only if that does no harm.
        """
        idle = pool.take_idle()
        if idle is not None:
            incoming = _try_idle(idle, request.head(self._host), request)
            if incoming is not None:
                return incoming
            return self._send_anew(pool, request)
        try:
            return self._send_anew(pool, request)
        except ConnectionBroken as failure:
            if not failure.is_before_response or not request.can_repeat:
                raise
            log.info("call_repeated", upstream=self.upstream.name, reason="hang_up")
        try:
            return self._send_anew(self._next_pool(), request.repeated())
        except NoResponse as failure:
            failure.was_repeated = True
            raise

    def _send_anew(self, pool: Pool, request: Request) -> IncomingResponse:
        seconds = self.upstream.limits.connect_timeout
        connection = pool.connect(connect_seconds=seconds, expires_at=request.expires_at)
        return _send(connection, request.head(self._host), request)


def _try_idle(connection: Connection, head: bytes, request: Request) -> IncomingResponse | None:
    """Return the response, None when the connection was closed and sending the request again does no harm."""
    is_sent = False
    try:
        connection.send(head, request.body, expires_at=request.expires_at)
        is_sent = True
        return connection.receive(request.method, expires_at=request.expires_at)
    except (ConnectionBroken, ConnectionError) as failure:
        connection.close()
        is_silent = failure.is_before_response if isinstance(failure, ConnectionBroken) else not is_sent
        can_send_again = request.body is None or request.body.can_rewind
        if not is_silent or not can_send_again or (is_sent and not request.may_repeat):
            raise ConnectionBroken(is_before_response=is_silent) from failure
        return None
    except BaseException:
        connection.close()
        raise


def _send(connection: Connection, head: bytes, request: Request) -> IncomingResponse:
    try:
        try:
            connection.send(head, request.body, expires_at=request.expires_at)
        except ConnectionError:
            # An upstream may respond (413, 503) and close before it has read the whole body.
            return connection.receive(request.method, expires_at=request.expires_at)
        return connection.receive(request.method, expires_at=request.expires_at)
    except BaseException:
        connection.close()
        raise


def _outcome(response: Response, request: Request) -> CallOutcome:
    """
    Return what a response says about its upstream: 502, 503 and 504 are failures, every other status is an answer.

    A fast 500 is an answer: one buyer's bad input must not close the upstream for every other buyer. So is a 503 with
    a problem document: a running service says by it that a queue is full, that the request's time is over, or that
    a service behind it is unavailable, and a flood of sign-ins must not open the breaker of users. A 504 within a
    deadline that the caller made short says nothing.
    """
    if response.status not in FAILING_STATUSES or request.is_probe:
        return CallOutcome.ANSWERED
    if response.status == 503 and response.header("content-type").startswith(PROBLEM_TYPE):
        return CallOutcome.ANSWERED
    return CallOutcome.UNKNOWN if response.status == 504 and request.is_hurried else CallOutcome.FAILED


def _outcome_of_failure(failure: BaseException, request: Request) -> CallOutcome:
    """Return FAILED for a timeout or a broken connection; UNKNOWN when the caller's own short deadline caused it."""
    if not isinstance(failure, NoResponse) or (request.is_hurried and isinstance(failure, TimedOut)):
        return CallOutcome.UNKNOWN
    return CallOutcome.FAILED
