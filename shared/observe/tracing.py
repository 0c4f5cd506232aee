"""Context of the current request, handler or job: request id, W3C trace context and the ids of its log lines."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import Any, NamedTuple

from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    TraceFlags,
    format_span_id,
    format_trace_id,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.observe.redaction import redact

# At least one letter, so that a card number can be neither logged nor passed on as a request id.
_REQUEST_ID = re.compile(r"(?=[^A-Za-z]*[A-Za-z])[A-Za-z0-9][A-Za-z0-9_-]{7,127}")
_BALANCER = re.compile(r"(?:^|;)\s*Root=1-([0-9a-f]{8})-([0-9a-f]{24})(?=;|$)")
# The propagator logs a warning for a header beyond its own limit of 512, and a caller could send any number of those.
_MAX_HEADER_LENGTH = 256
_NO_VALUES: Mapping[str, Any] = {}
_NOT_SAMPLED, _SAMPLED = TraceFlags(TraceFlags.DEFAULT), TraceFlags(TraceFlags.SAMPLED)
_propagator = TraceContextTextMapPropagator()


class Trace(NamedTuple):
    """One span of a trace and the span that caused it (None: no parent is known)."""

    context: SpanContext
    parent: SpanContext | None = None

    @property
    def trace_id(self) -> str:
        """Return the trace id as 32 hexadecimal digits."""
        return format_trace_id(self.context.trace_id)

    @property
    def span_id(self) -> str:
        """Return the span id as 16 hexadecimal digits."""
        return format_span_id(self.context.span_id)

    @property
    def parent_id(self) -> str:
        """Return the parent's span id as 16 hexadecimal digits, "" without a parent."""
        return "" if self.parent is None else format_span_id(self.parent.span_id)

    @property
    def is_sampled(self) -> bool:
        return self.context.trace_flags.sampled

    def child(self) -> Trace:
        """Return a new span of the same trace whose parent is this span."""
        return Trace(_new_span(self.context.trace_id, self.context.trace_flags), self.context)

    def with_flags(self, flags: TraceFlags) -> Trace:
        if flags == self.context.trace_flags:
            return self
        return self._replace(context=SpanContext(self.context.trace_id, self.context.span_id, False, flags))

    def header(self) -> str:
        """Return the value of `traceparent`."""
        return self.headers()["traceparent"]

    def headers(self) -> dict[str, str]:
        """Return the headers of W3C Trace Context."""
        carrier: dict[str, str] = {}
        _propagator.inject(carrier, set_span_in_context(NonRecordingSpan(self.context)))
        return carrier


class Span(NamedTuple):
    """A finished span of a sampled trace; `kind` is `server`, `client` or `consumer`."""

    trace: Trace
    kind: str
    name: str
    seconds: float
    has_failed: bool
    attributes: Mapping[str, str | int]


class Scope(NamedTuple):
    """The context that `begin` replaced; `end` restores it."""

    trace: Token[Trace | None]
    values: Token[Mapping[str, Any]]


_trace: ContextVar[Trace | None] = ContextVar("trace", default=None)
_values: ContextVar[Mapping[str, Any]] = ContextVar("log_values", default=_NO_VALUES)


_send: Callable[[Span], None] | None = None


def export_with(send: Callable[[Span], None] | None) -> None:
    """Pass every finished span of a sampled trace to `send`, which must not block; None turns that off."""
    global _send
    _send = send


def begin(request_id: str | None, traceparent: str | None) -> Scope:
    """Set the context to the caller's request id and trace; a missing or malformed value is replaced by a new one."""
    return _begin(request_id, start_trace(traceparent))


def begin_at_edge(request_id: str | None, traceparent: str | None, balancer: str | None) -> Scope:
    """
    Set the context for a request from outside: not sampled until `set_sampled`, whatever flag the caller sent.

    Without a valid `traceparent` the trace id is the load balancer's (`X-Amzn-Trace-Id`). The span has no parent, since
    a caller outside does not export its spans to our collector.
    """
    caller = parse_traceparent(traceparent)
    trace_id = _balancer_trace_id(balancer) if caller is None else caller.context.trace_id
    return _begin(request_id, Trace(_new_span(trace_id or _new_trace_id(), _NOT_SAMPLED)))


def _begin(request_id: str | None, trace: Trace) -> Scope:
    values = {"request_id": accept_request_id(request_id), "trace_id": trace.trace_id}
    return Scope(_trace.set(trace), _values.set(values))


def set_sampled(*, is_sampled: bool) -> None:
    """Set whether the current trace is sampled, for this span and all that follow from it; only the gateway decides."""
    trace = _trace.get()
    if trace is not None:
        _trace.set(trace.with_flags(_SAMPLED if is_sampled else _NOT_SAMPLED))


def follow_decision(traceresponse: str | None) -> None:
    """Set the current trace to sampled if the gateway's `traceresponse` says so: a portal's span begins earlier."""
    if traceresponse is None:
        return
    answered, trace = parse_traceparent(traceresponse), _trace.get()
    if answered and trace and answered.is_sampled and answered.context.trace_id == trace.context.trace_id:
        set_sampled(is_sampled=True)


def current() -> Trace | None:
    """Return the current span, None outside of any request or job."""
    return _trace.get()


def export_span(
    trace: Trace | None,
    kind: str,
    name: str,
    seconds: float,
    *,
    has_failed: bool,
    attributes: Mapping[str, str | int] = _NO_VALUES,
) -> None:
    """Export a span that ends now; a span that is not sampled is dropped."""
    if _send is not None and trace is not None and trace.is_sampled:
        _send(Span(trace, kind, name, seconds, has_failed, attributes))


def end(scope: Scope) -> None:
    """Restore the context that `begin` replaced."""
    _trace.reset(scope.trace)
    _values.reset(scope.values)


@contextmanager
def continued_trace(context: Mapping[str, str], name: str = "") -> Iterator[None]:
    """Run the block as a span `name` of the trace that `trace_context()` returned in another process."""
    started_at = time.perf_counter()
    scope = begin(context.get("request_id"), context.get("traceparent"))
    has_failed = True
    try:
        yield
        has_failed = False
    finally:
        export_span(_trace.get(), "consumer", name, time.perf_counter() - started_at, has_failed=has_failed)
        end(scope)


def trace_context() -> dict[str, str]:
    """Return `request_id` and `traceparent` for an event to carry; empty outside of any request or job."""
    trace = _trace.get()
    if trace is None:
        return {}
    return {"request_id": current_request_id(), **trace.headers()}


def current_request_id() -> str:
    """Return the request id, "" outside of any request or job."""
    return str(_values.get().get("request_id", ""))


def call_span() -> Trace | None:
    """Return a new child span for a call to an upstream; None outside of any request or job."""
    trace = _trace.get()
    return None if trace is None else trace.child()


def with_current_flags(span: Trace | None) -> Trace | None:
    """Return the call's span with the sampling decision that the current trace has by now."""
    trace = _trace.get()
    return span if span is None or trace is None else span.with_flags(trace.context.trace_flags)


def outgoing_headers(span: Trace | None) -> dict[str, str]:
    """Return X-Request-ID and traceparent for the call whose span is `span`; empty without a span."""
    return {} if span is None else {"X-Request-ID": current_request_id(), **span.headers()}


def bind_context(**values: Any) -> None:
    """Add ids to every further log line of this request or job; a value of None is left out."""
    given = {name: value for name, value in values.items() if value is not None}
    _values.set({**_values.get(), **redact(given)})


def bound_values() -> Mapping[str, Any]:
    """Return the ids that every log line of this request or job carries."""
    return _values.get()


def accept_request_id(value: str | None) -> str:
    """Return the caller's request id if it is safe to log and to pass on, else a new one."""
    if value and _REQUEST_ID.fullmatch(value):
        return value
    return f"req_{random.getrandbits(96):024x}"


def parse_traceparent(value: str | None) -> Trace | None:
    """Return the caller's span; None for a header that is missing or that W3C Trace Context says to ignore."""
    if not value or len(value) > _MAX_HEADER_LENGTH:
        return None
    context = get_current_span(_propagator.extract({"traceparent": value})).get_span_context()
    return Trace(context) if context.is_valid else None


def start_trace(traceparent: str | None) -> Trace:
    """Return a new span: a child of the caller's span if `traceparent` is valid, else of a new trace (not sampled)."""
    caller = parse_traceparent(traceparent)
    return Trace(_new_span(_new_trace_id(), _NOT_SAMPLED)) if caller is None else caller.child()


def _balancer_trace_id(header: str | None) -> int:
    """Return the trace id of `X-Amzn-Trace-Id`, 0 if the header has none."""
    found = _BALANCER.search(header or "")
    return int(found[1] + found[2], 16) if found else 0


def _new_trace_id() -> int:
    """Return a random trace id that begins with the time in seconds: X-Ray reads the start of the trace there."""
    return int(time.time()) << 96 | random.getrandbits(96)


def _new_span(trace_id: int, flags: TraceFlags) -> SpanContext:
    return SpanContext(trace_id, random.getrandbits(64) or 1, False, flags)
