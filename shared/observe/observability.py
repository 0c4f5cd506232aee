"""JSON log lines, one per request, with the ids that belong to it; and `/metrics`."""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from collections.abc import Iterable, MutableMapping
from datetime import UTC, datetime
from decimal import Decimal
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

import orjson
import structlog
from flask import Flask, Response, abort
from structlog.processors import format_exc_info
from structlog.typing import FilteringBoundLogger

from shared.base.settings import ObservedSettings
from shared.observe import tracing
from shared.observe.metrics import counter, exposition, histogram, record_with
from shared.observe.redaction import redact
from shared.observe.tracing import bind_context, current_request_id, trace_context

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

__all__ = [
    "bind_context",
    "configure_logging",
    "configure_observability",
    "counter",
    "current_request_id",
    "get_logger",
    "histogram",
    "log_request",
    "observe_requests",
    "trace_context",
]

LEVELS = {"DEBUG": 10, "INFO": 20, "WARN": 30, "WARNING": 30, "ERROR": 40}
_LEVEL_OF_METHOD = {
    "debug": (10, "DEBUG"),
    "info": (20, "INFO"),
    "warning": (30, "WARN"),
    "warn": (30, "WARN"),
    "error": (40, "ERROR"),
    "exception": (40, "ERROR"),
    "critical": (40, "ERROR"),
}
_QUIET_ROUTES = ("/health/", "/metrics")
# JSON escapes \n and \r; some readers of logs take these for the end of a line too.
_OTHER_NEWLINES = ((b"\xe2\x80\xa8", b"\\u2028"), (b"\xe2\x80\xa9", b"\\u2029"), (b"\xc2\x85", b"\\u0085"))
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class _Output:
    """Where log lines go: one write each, so that lines of several threads never mix."""

    service = ""
    level = 20
    metrics: Any = None
    spans: Any = None
    lock = threading.Lock()

    def write(self, line: bytes) -> None:
        with self.lock:
            stream = sys.stdout.buffer
            stream.write(line)
            stream.flush()

    debug = info = warning = warn = error = exception = critical = msg = write


def configure_logging(service: str, level: str) -> None:
    """Send our logs and those of libraries to stdout, as JSON lines; `level` is DEBUG, INFO, WARN or ERROR."""
    if level.upper() not in LEVELS:
        raise ValueError(f"LOG_LEVEL is {level!r}; it must be one of DEBUG, INFO, WARN, ERROR")
    _Output.service = service
    _Output.level = LEVELS[level.upper()]
    structlog.configure(
        processors=[_assemble, _render],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        logger_factory=lambda *_: _Output(),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    for handler in root.handlers[:]:
        # pytest's and gunicorn's own handlers are subclasses, and stay.
        if type(handler) in (logging.StreamHandler, _LibraryHandler):
            root.removeHandler(handler)
    root.addHandler(_LibraryHandler())
    root.setLevel(logging.INFO if _Output.level < LEVELS["INFO"] else max(_Output.level, logging.WARNING))


def configure_observability(service: str, settings: ObservedSettings) -> None:
    """Log, count and trace in this process as `settings` say; `service` is how the rest of the world knows it."""
    configure_logging(service, settings.log_level)
    if settings.metrics_backend == "emf" and _Output.metrics is None:
        _Output.metrics = import_module("shared.observe.metrics_emf").start(
            settings.tradepost_env, service, _Output().write
        )
        record_with(_Output.metrics)
    if settings.tracing_backend == "otlp" and _Output.spans is None:
        _Output.spans = import_module("shared.observe.tracing_otlp").SpanSender(settings.tradepost_env, service)
        tracing.send_with(_Output.spans.send)


def get_logger() -> FilteringBoundLogger:
    """Return the logger: `log.info("order_placed", order_id=…)`, a constant event name and ids."""
    return cast(FilteringBoundLogger, structlog.get_logger())


class _LibraryHandler(logging.Handler):
    """Routes standard library logging into ours; the library's text is a field, since events have constant names."""

    def emit(self, record: logging.LogRecord) -> None:
        values = {"logger": record.name, "message": record.getMessage(), "exc_info": record.exc_info}
        level = "error" if record.levelno >= 40 else "warning" if record.levelno >= 30 else "info"
        getattr(get_logger(), level)("library_message", **{key: value for key, value in values.items() if value})


def _assemble(_: Any, method: str, event: MutableMapping[str, Any]) -> dict[str, Any]:
    number, level = _LEVEL_OF_METHOD[method]
    if number < _Output.level:
        raise structlog.DropEvent
    if "exc_info" in event:
        event = format_exc_info(None, method, event)
    line = {
        "timestamp": datetime.now(UTC),
        "level": level,
        "service": _Output.service,
        "event": event.pop("event"),
    }
    line.update(tracing.bound_values())
    line.update(redact(event))
    return line


def _render(_: Any, __: str, line: MutableMapping[str, Any]) -> bytes:
    try:
        text = orjson.dumps(line, default=_plain, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z)
    except TypeError:
        # Lone surrogates and integers beyond 64 bits: orjson refuses them, a log line must not fail.
        text = json.dumps(line, default=_plain, ensure_ascii=False).encode(errors="replace") + b"\n"
    for newline, escaped in _OTHER_NEWLINES:
        if newline in text:
            text = text.replace(newline, escaped)
    return text


def _plain(value: object) -> str:
    """Name what JSON cannot hold: a whole object in a log may be somebody's data."""
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else f"<{type(value).__name__}>"


_log = get_logger()
_request_seconds = histogram(
    "http_request_duration_seconds", "Time to answer a request.", ("method", "route", "status")
)
_children: dict[tuple[str, str, int], Any] = {}


def trace_request(method: str, route: str, status: int, seconds: float) -> None:
    """Tell of the request at work, when its trace is sampled, as X-Ray understands it."""
    tracing.finished(
        tracing.current(),
        "server",
        f"{method} {route}",
        seconds,
        has_failed=status >= 500,
        attributes={"http.request.method": method, "http.route": route, "http.response.status_code": status},
    )


def log_request(method: str, route: str, status: int, seconds: float) -> None:
    """Write the one line of a request and count it; `route` is the template (`/v1/orders/<order_id>`)."""
    key = (method if method in _METHODS else "OTHER", route, status)
    child = _children.get(key)
    if child is None:
        child = _children[key] = _request_seconds.labels(key[0], route, str(status))
    is_probe = route.startswith(_QUIET_ROUTES)
    if not is_probe:
        child.observe(seconds)
    write = _log.debug if is_probe else _log.error if status == 500 else _log.info
    write("request", method=key[0], route=route, status=status, duration_ms=round(seconds * 1000, 2))


def request_log(app: Flask, *, is_edge: bool = False) -> None:
    """
    Give every request its ids and its one log line; at the edge nobody outside decides what is sampled.

    It wraps the application instead of using Flask's hooks: measured at half their cost, and no hook can be skipped.
    """
    serve = app.wsgi_app
    begin = begin_at_edge if is_edge else _begin

    def serve_and_log(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        started_at = time.perf_counter()
        scope = begin(environ)
        status, route = 500, "unmatched"

        def start_with_id(line: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            nonlocal status, route
            status, route = int(line[:3]), _route_of(environ)
            headers.append(("X-Request-ID", current_request_id()))
            return start_response(line, headers, exc_info)

        try:
            return serve(environ, start_with_id)
        finally:
            seconds = time.perf_counter() - started_at
            log_request(environ["REQUEST_METHOD"], route, status, seconds)
            trace_request(environ["REQUEST_METHOD"], route, status, seconds)
            tracing.end(scope)

    app.wsgi_app = serve_and_log  # type: ignore[method-assign]


def _begin(environ: WSGIEnvironment) -> tracing.Scope:
    return tracing.begin(environ.get("HTTP_X_REQUEST_ID"), environ.get("HTTP_TRACEPARENT"))


def begin_at_edge(environ: WSGIEnvironment) -> tracing.Scope:
    """Start the work for a request from outside; `tracing.end` ends it."""
    return tracing.begin_at_edge(
        environ.get("HTTP_X_REQUEST_ID"), environ.get("HTTP_TRACEPARENT"), environ.get("HTTP_X_AMZN_TRACE_ID")
    )


def _route_of(environ: WSGIEnvironment) -> str:
    """
    Return the template that Flask matched, never the path: a caller could invent any number of those.

    Flask takes its request out of `environ` when it is done, so this is asked while the answer starts.
    """
    rule = getattr(environ.get("werkzeug.request"), "url_rule", None)
    return "unmatched" if rule is None else rule.rule


def observe_requests(app: Flask, *, is_edge: bool = False) -> None:
    """
    Log and count every request, and serve `/metrics`; `is_edge` where requests come from outside.

    Where metrics leave as EMF nobody scrapes, and the load balancer would show a portal's page to the world: it is 404.
    """
    request_log(app, is_edge=is_edge)

    def metrics() -> Response:
        """All metrics of this service in Prometheus' text format; the gateway does not route here."""
        if _Output.metrics is not None:
            abort(404)
        body, content_type = exposition()
        return Response(body, content_type=content_type)

    metrics.__permission__ = "public"  # type: ignore[attr-defined]
    app.add_url_rule("/metrics", "metrics", metrics)
