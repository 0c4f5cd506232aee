"""Who this piece of work belongs to: request id, W3C trace and the ids that every log line carries."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import Any, NamedTuple

from shared.observe.redaction import redact

# At least one letter, so that nobody can have a card number logged and passed on as a request id.
_REQUEST_ID = re.compile(r"(?=[^A-Za-z]*[A-Za-z])[A-Za-z0-9][A-Za-z0-9_-]{7,127}")
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")
_BALANCER = re.compile(r"(?:^|;)\s*Root=1-([0-9a-f]{8})-([0-9a-f]{24})(?=;|$)")
_NO_VALUES: Mapping[str, Any] = {}


class Trace(NamedTuple):
    """One span of a W3C trace: `trace_id` 32, `span_id` 16 and `flags` 2 hexadecimal digits; "" for no parent."""

    trace_id: str
    span_id: str
    flags: str
    parent_id: str = ""

    @property
    def is_sampled(self) -> bool:
        return bool(int(self.flags, 16) & 1)

    def child(self) -> Trace:
        return Trace(self.trace_id, _span_id(), self.flags, self.span_id)

    def header(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"


class Span(NamedTuple):
    """A finished piece of sampled work; `kind` is `server`, `client` or `consumer`."""

    trace: Trace
    kind: str
    name: str
    seconds: float
    has_failed: bool
    attributes: Mapping[str, str | int]


class Scope(NamedTuple):
    """What `begin` replaced; give it to `end`."""

    trace: Token[Trace | None]
    values: Token[Mapping[str, Any]]


_trace: ContextVar[Trace | None] = ContextVar("trace", default=None)
_values: ContextVar[Mapping[str, Any]] = ContextVar("log_values", default=_NO_VALUES)


_send: Callable[[Span], None] | None = None


def send_with(send: Callable[[Span], None] | None) -> None:
    """Give every finished span of a sampled trace to `send`, which must not wait; None ends that."""
    global _send
    _send = send


def begin(request_id: str | None, traceparent: str | None) -> Scope:
    """Start a piece of work that continues what the caller named, or something new where that is not well formed."""
    trace = start_trace(traceparent)
    values = {"request_id": accept_request_id(request_id), "trace_id": trace.trace_id}
    return Scope(_trace.set(trace), _values.set(values))


def begin_at_edge(request_id: str | None, traceparent: str | None, balancer: str | None) -> Scope:
    """
    Start a piece of work for somebody outside: not sampled until `decide`, whatever the caller wishes.

    Without a `traceparent` the trace is the load balancer's (`X-Amzn-Trace-Id`).
    """
    found = _BALANCER.search(balancer or "") if parse_traceparent(traceparent) is None else None
    scope = begin(request_id, f"00-{found[1]}{found[2]}-{_span_id()}-00" if found else traceparent)
    trace = _trace.get()
    if trace is not None and trace.parent_id:
        # No parent: nobody outside records spans where ours go.
        _trace.set(trace._replace(flags="00", parent_id=""))
    return scope


def decide(*, is_sampled: bool) -> None:
    """Decide for the trace at work and all that follows from it; only the gateway does."""
    trace = _trace.get()
    if trace is not None:
        _trace.set(trace._replace(flags="01" if is_sampled else "00"))


def follow(traceresponse: str | None) -> None:
    """Take over that the gateway samples the trace at work: what a portal serves began before that was decided."""
    answered, trace = parse_traceparent(traceresponse), _trace.get()
    if answered and trace and answered.is_sampled and answered.trace_id == trace.trace_id:
        decide(is_sampled=True)


def current() -> Trace | None:
    return _trace.get()


def finished(
    trace: Trace | None,
    kind: str,
    name: str,
    seconds: float,
    *,
    has_failed: bool,
    attributes: Mapping[str, str | int] = _NO_VALUES,
) -> None:
    """Tell of a piece of work that ends now; nothing happens for a trace that is not sampled."""
    if _send is not None and trace is not None and trace.is_sampled:
        _send(Span(trace, kind, name, seconds, has_failed, attributes))


def end(scope: Scope) -> None:
    _trace.reset(scope.trace)
    _values.reset(scope.values)


@contextmanager
def resumed(context: Mapping[str, str], name: str = "") -> Iterator[None]:
    """Run the block as a part, a span `name`, of the work that `trace_context()` described, elsewhere and earlier."""
    started_at = time.perf_counter()
    scope = begin(context.get("request_id"), context.get("traceparent"))
    has_failed = True
    try:
        yield
        has_failed = False
    finally:
        finished(_trace.get(), "consumer", name, time.perf_counter() - started_at, has_failed=has_failed)
        end(scope)


def trace_context() -> dict[str, str]:
    """Return what an event carries on: `request_id` and `traceparent`; empty outside of any request."""
    trace = _trace.get()
    if trace is None:
        return {}
    return {"request_id": current_request_id(), "traceparent": trace.header()}


def current_request_id() -> str:
    """Return the request id, or "" outside of any request."""
    return str(_values.get().get("request_id", ""))


def call_span() -> Trace | None:
    """Return a span of its own for a call to an upstream; None outside of any request."""
    trace = _trace.get()
    return None if trace is None else trace.child()


def as_decided(span: Trace | None) -> Trace | None:
    """Return the call's span under the decision that its trace has by now."""
    trace = _trace.get()
    return span if span is None or trace is None else span._replace(flags=trace.flags)


def outgoing_headers(span: Trace | None) -> dict[str, str]:
    """Return X-Request-ID and traceparent for the call that is `span`."""
    return {} if span is None else {"X-Request-ID": current_request_id(), "traceparent": span.header()}


def bind_context(**values: Any) -> None:
    """Add ids to every further log line of this request or job; None is left out."""
    given = {name: value for name, value in values.items() if value is not None}
    _values.set({**_values.get(), **redact(given)})


def bound_values() -> Mapping[str, Any]:
    return _values.get()


def accept_request_id(value: str | None) -> str:
    """Return the caller's request id if it is safe to log and to pass on, else a new one."""
    if value and _REQUEST_ID.fullmatch(value):
        return value
    return f"req_{random.getrandbits(96):024x}"


def parse_traceparent(value: str | None) -> Trace | None:
    """Return the caller's span, or None for anything that W3C Trace Context says to ignore."""
    if not value or len(value) > 256:
        return None
    found = _TRACEPARENT.fullmatch(value)
    if found is None or (value.startswith("00-") and len(value) != 55):
        return None
    return Trace(found[1], found[2], found[3])


def start_trace(traceparent: str | None) -> Trace:
    """Return our own span: within the caller's trace when it sent one, else in a new one (not sampled)."""
    parent = parse_traceparent(traceparent)
    if parent is not None:
        return parent.child()
    # X-Ray reads the first eight digits as the time of the trace's start.
    return Trace(f"{int(time.time()):08x}{random.getrandbits(96):024x}", _span_id(), "00")


def _span_id() -> str:
    return f"{random.getrandbits(64) or 1:016x}"
