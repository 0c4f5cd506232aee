"""One upstream service as the gateway sees it: pooled connections, a bulkhead, a breaker and one careful retry."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

import orjson

from services.gateway.clients.wire import Answer, Body, Connection, HungUp, Malformed
from services.gateway.errors import UpstreamBroken, UpstreamBusy, UpstreamTimedOut, UpstreamUnavailable
from services.gateway.policy import Criticality
from shared.base.limits import limits_for
from shared.calls.breaker import BreakerOpen, CircuitBreaker

IDLE_SECONDS = 30.0
WHOLE_ANSWER_BYTES = 256 * 1024
STREAM_IDLE_SECONDS = 15.0
# A fast 500 or 503 is an answer, not a dying service: whoever finds a bug, or floods the password check, must not be
# able to open the breaker for everybody. A slow one counts as slow.
FAILING_STATUSES = frozenset({502, 504})


@dataclass(frozen=True, slots=True)
class Call:
    """
    A request for an upstream.

    `fields` are finished header lines; `expires_at` is a `time.monotonic()` moment; `may_repeat` says that running
    it twice does no harm (a safe method, or one with an Idempotency-Key); `is_hurried` that the client gave it less
    time than the policy does, so that running out of it says nothing about the upstream.
    """

    method: str
    target: str
    fields: str
    expires_at: float
    body: Body | None = None
    may_repeat: bool = False
    is_hurried: bool = False
    criticality: Criticality = Criticality.NORMAL

    def head(self, host: str) -> bytes:
        length = "" if self.body is None else f"Content-Length: {self.body.length}\r\n"
        return f"{self.method} {self.target} HTTP/1.1\r\nHost: {host}\r\n{length}{self.fields}\r\n".encode("latin-1")


class Bulkhead:
    """Counts calls under way; a full one refuses at once, the less critical earlier."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._taken = 0
        self._lock = threading.Lock()

    def enter(self, criticality: Criticality) -> bool:
        with self._lock:
            if self._taken >= max(1, int(self._places * criticality.value)):
                return False
            self._taken += 1
            return True

    def leave(self) -> None:
        with self._lock:
            self._taken -= 1


class Reply:
    """
    An upstream's answer, on its way to the client.

    A small body is already here and its connection back in the pool; a large one is read while it is sent on, and
    `close()` gives up the place in the bulkhead, whether or not the client stayed to the end.
    """

    def __init__(self, upstream: Upstream, answer: Answer, whole: bytes | None) -> None:
        self.status = answer.status
        self.reason = answer.reason
        self.headers = answer.headers
        self.whole = whole
        self.length = len(whole) if whole is not None else answer.length
        self._upstream = upstream
        self._answer = answer
        self._is_open = whole is None
        self._pieces: Iterator[bytes] = (
            iter((whole,)) if whole is not None else answer.pieces(expires_at=0.0, idle_seconds=STREAM_IDLE_SECONDS)
        )

    def header(self, name: str) -> str:
        return self._answer.header(name)

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def close(self) -> None:
        if self._is_open:
            self._is_open = False
            self._upstream.finish(self._answer)


class Upstream:
    """
    Calls one service; `url` is `http://host[:port]` (TLS between tasks is Service Connect's business).

    With `cloudmap://namespace/service[:port]` new connections go to the service's instances in turn.
    """

    def __init__(self, name: str, url: str, *, places: int) -> None:
        self.name = name
        self._address, self.host = _address_of(name, url)
        self.breaker = CircuitBreaker(limits_for(name))
        self.bulkhead = Bulkhead(places)
        self._idle: deque[Connection] = deque(maxlen=places)

    def call(self, call: Call) -> Reply:
        """Return the upstream's answer, or raise the problem that tells the client what went wrong."""
        try:
            ticket = self.breaker.admit()
        except BreakerOpen as refusal:
            wait = max(1, int(refusal.retry_after_seconds + 0.999))
            raise UpstreamUnavailable(f"{self.name} is failing", retry_after_seconds=wait) from refusal
        if not self.bulkhead.enter(call.criticality):
            self.breaker.abandon(ticket)
            raise UpstreamBusy(f"{self.name} has all the work it can take", retry_after_seconds=1)
        started = time.monotonic()
        try:
            reply = self._exchange(call)
        except BaseException as failure:
            self.bulkhead.leave()
            if call.is_hurried and isinstance(failure, UpstreamTimedOut):
                self.breaker.abandon(ticket)
            else:
                self.breaker.record(ticket, failed=True, seconds=time.monotonic() - started)
            raise
        self.breaker.record(ticket, failed=reply.status in FAILING_STATUSES, seconds=time.monotonic() - started)
        return reply

    def close(self) -> None:
        """Close the idle connections; the next call opens a new one."""
        while self._idle:
            self._idle.pop().close()

    def finish(self, answer: Answer) -> None:
        """Take back the connection of an answer that was read, or close it when it was not."""
        self.bulkhead.leave()
        if answer.is_complete and answer.keeps_alive:
            answer.connection.idle_since = time.monotonic()
            self._idle.append(answer.connection)
        else:
            answer.connection.close()

    def _exchange(self, call: Call) -> Reply:
        try:
            answer = self._answer(call)
            try:
                return self._reply(answer, call)
            except BaseException:
                answer.connection.close()
                raise
        except TimeoutError as failure:
            raise UpstreamTimedOut(f"{self.name} took too long") from failure
        except (Malformed, HungUp) as failure:
            raise UpstreamBroken(f"{self.name} broke off its answer") from failure
        except OSError as failure:
            raise UpstreamUnavailable(f"{self.name} cannot be reached", retry_after_seconds=2) from failure

    def _reply(self, answer: Answer, call: Call) -> Reply:
        if answer.length is not None and answer.length <= WHOLE_ANSWER_BYTES:
            whole = answer.read(expires_at=call.expires_at)
            reply = Reply(self, answer, whole)
            self.finish(answer)
            return reply
        return Reply(self, answer, None)

    def _answer(self, call: Call) -> Answer:
        """Ask on a pooled connection; once more on a fresh one when the pooled had gone stale unnoticed."""
        head = call.head(self.host)
        pooled = self._pooled()
        if pooled is not None:
            answer = self._try_pooled(pooled, head, call)
            if answer is not None:
                return answer
        return self._ask(self._connect(call), head, call)

    def _try_pooled(self, connection: Connection, head: bytes, call: Call) -> Answer | None:
        sent = False
        try:
            connection.send(head, call.body, expires_at=call.expires_at)
            sent = True
            return connection.receive(call.method, expires_at=call.expires_at)
        except (HungUp, ConnectionError) as failure:
            connection.close()
            silent = failure.silent if isinstance(failure, HungUp) else not sent
            if not silent or (sent and not call.may_repeat):
                raise HungUp(silent=silent) from failure
            return None
        except BaseException:
            connection.close()
            raise

    def _ask(self, connection: Connection, head: bytes, call: Call) -> Answer:
        try:
            try:
                connection.send(head, call.body, expires_at=call.expires_at)
            except ConnectionError:
                # An upstream may answer (413, 503) and close before it has read the whole body: hear it out.
                return connection.receive(call.method, expires_at=call.expires_at)
            return connection.receive(call.method, expires_at=call.expires_at)
        except BaseException:
            connection.close()
            raise

    def _connect(self, call: Call) -> Connection:
        try:
            return Connection(*self._address(), expires_at=call.expires_at)
        except TimeoutError as failure:
            raise UpstreamUnavailable(f"{self.name} cannot be reached", retry_after_seconds=2) from failure

    def _pooled(self) -> Connection | None:
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return None
            if time.monotonic() - connection.idle_since < IDLE_SECONDS and not connection.is_stale():
                return connection
            connection.close()


def _address_of(name: str, url: str) -> tuple[Callable[[], tuple[str, int]], str]:
    """Return what gives each connection its host and port, and the Host field."""
    parts = urlsplit(url)
    if parts.scheme == "cloudmap":
        return import_module("shared.calls.cloud_map").addresses_of(url).pick, name
    if parts.scheme != "http" or not parts.hostname or parts.path not in ("", "/"):
        raise ValueError(f"{name}'s address must look like http://host:port, not {url!r}")
    address = (parts.hostname, parts.port or 80)
    return lambda: address, parts.netloc


def get_json(upstream: Upstream, path: str, *, seconds: float) -> Any:
    """Return the JSON at `path`; raise UpstreamBroken where there is none."""
    call = Call("GET", path, "Accept: application/json\r\n", time.monotonic() + seconds, may_repeat=True)
    reply = upstream.call(call)
    try:
        if reply.status != 200:
            raise UpstreamBroken(f"{upstream.name} answered {reply.status}")
        return orjson.loads(b"".join(reply))
    except orjson.JSONDecodeError as failure:
        raise UpstreamBroken(f"{upstream.name} did not answer with JSON") from failure
    finally:
        reply.close()
