"""JSON log lines, one per request, with the ids that belong to the request; and `/metrics`."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache, partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import orjson
import structlog
from flask import Flask, Response, abort
from structlog import BytesLogger
from structlog.processors import JSONRenderer, add_log_level, format_exc_info
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
_SHOWN_LEVELS = {"debug": "DEBUG", "info": "INFO", "warning": "WARN", "error": "ERROR", "critical": "ERROR"}
_QUIET_ROUTES = ("/health/", "/metrics")
# JSON escapes \n and \r; some log readers take these for the end of a line too.
_OTHER_NEWLINES = ((b"\xe2\x80\xa8", b"\\u2028"), (b"\xe2\x80\xa9", b"\\u2029"), (b"\xc2\x85", b"\\u0085"))
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class _Exporters:
    """The exporters of this process, None while an exporter is not configured."""

    metrics: Any = None
    spans: Any = None


def configure_logging(service: str, level: str) -> None:
    """Write our logs and those of libraries to stdout as JSON lines; `level` is DEBUG, INFO, WARN or ERROR."""
    if level.upper() not in LEVELS:
        raise ValueError(f"LOG_LEVEL is {level!r}; it must be one of DEBUG, INFO, WARN, ERROR")
    threshold = LEVELS[level.upper()]
    structlog.configure(
        processors=[
            add_log_level,
            format_exc_info,
            partial(_add_context, service),
            JSONRenderer(serializer=_json, default=_json_default),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=lambda *_: _line_writer(sys.stdout.buffer),
        # The loggers of modules exist before this call and must take a later level too.
        cache_logger_on_first_use=False,
    )
    _log_libraries(threshold)


@lru_cache(maxsize=1)
def _line_writer(stream: BinaryIO) -> BytesLogger:
    """Return the writer of whole lines to `stream`; it holds a lock, so that lines of several threads never mix."""
    return BytesLogger(stream)


def _log_libraries(threshold: int) -> None:
    root = logging.getLogger()
    for handler in root.handlers[:]:
        # pytest's and gunicorn's own handlers are subclasses, and stay.
        if type(handler) in (logging.StreamHandler, _LibraryHandler):
            root.removeHandler(handler)
    root.addHandler(_LibraryHandler())
    root.setLevel(logging.INFO if threshold < logging.INFO else max(threshold, logging.WARNING))


def configure_observability(service: str, settings: ObservedSettings) -> None:
    """Configure logs, metrics and traces of this process; `service` is the name they carry."""
    configure_logging(service, settings.log_level)
    if settings.metrics_backend == "emf" and _Exporters.metrics is None:
        _Exporters.metrics = import_module("shared.observe.metrics_emf").start(
            settings.tradepost_env, service, lambda line: _line_writer(sys.stdout.buffer).msg(line)
        )
        record_with(_Exporters.metrics)
    if settings.tracing_backend == "otlp" and _Exporters.spans is None:
        _Exporters.spans = import_module("shared.observe.tracing_otlp").SpanSender(settings.tradepost_env, service)
        tracing.export_with(_Exporters.spans.send)


def get_logger() -> FilteringBoundLogger:
    """Return the logger: `log.info("order_placed", order_id=…)`, a constant event name and ids."""
    return cast(FilteringBoundLogger, structlog.get_logger())


class _LibraryHandler(logging.Handler):
    """Passes records of standard library logging to our logger; their text is a field, as event names are constant."""

    def emit(self, record: logging.LogRecord) -> None:
        values = {"logger": record.name, "message": record.getMessage(), "exc_info": record.exc_info}
        level = "error" if record.levelno >= 40 else "warning" if record.levelno >= 30 else "info"
        getattr(get_logger(), level)("library_message", **{key: value for key, value in values.items() if value})


def _add_context(service: str, _: Any, __: str, event: MutableMapping[str, Any]) -> dict[str, Any]:
    """Return the log line: its fixed head, the ids of the request, then the redacted values of the event."""
    line = {
        "timestamp": datetime.now(UTC),
        "level": _SHOWN_LEVELS[event.pop("level")],
        "service": service,
        "event": event.pop("event"),
    }
    line.update(tracing.bound_values())
    line.update(redact(event))
    return line


def _json(line: Mapping[str, Any], default: Callable[[object], str]) -> bytes:
    try:
        text = orjson.dumps(line, default=default, option=orjson.OPT_UTC_Z)
    except TypeError:
        # Lone surrogates and integers beyond 64 bits: orjson refuses them, a log line must not fail.
        text = json.dumps(line, default=default, ensure_ascii=False).encode(errors="replace")
    for newline, escaped in _OTHER_NEWLINES:
        if newline in text:
            text = text.replace(newline, escaped)
    return text


def _json_default(value: object) -> str:
    """Return the text of a time or a number; of any other object its type only, since it may hold personal data."""
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else f"<{type(value).__name__}>"


_log = get_logger()
_request_seconds = histogram(
    "http_request_duration_seconds", "Time to answer a request.", ("method", "route", "status")
)
_children: dict[tuple[str, str, int], Any] = {}


def trace_request(method: str, route: str, status: int, seconds: float) -> None:
    """Export the server span of the current request if its trace is sampled; the attributes are those X-Ray reads."""
    tracing.export_span(
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
    Wrap the application so that every request has its ids and one log line; at the edge the sampled flag is ignored.

    A WSGI wrapper instead of Flask's hooks: measured at half their cost, and no hook can be skipped.
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
    """Set the context for a request from outside; `tracing.end` restores the former one."""
    return tracing.begin_at_edge(
        environ.get("HTTP_X_REQUEST_ID"), environ.get("HTTP_TRACEPARENT"), environ.get("HTTP_X_AMZN_TRACE_ID")
    )


def _route_of(environ: WSGIEnvironment) -> str:
    """
    Return the route template that Flask matched, never the path: a caller could invent any number of paths.

    Flask removes its request from `environ` at the end, so this is called when the response starts.
    """
    rule = getattr(environ.get("werkzeug.request"), "url_rule", None)
    return "unmatched" if rule is None else rule.rule


def observe_requests(app: Flask, *, is_edge: bool = False) -> None:
    """
    Log and count every request, and serve `/metrics`; `is_edge` where requests come from outside.

    With EMF metrics `/metrics` is 404: Prometheus does not scrape there, and a portal's page would be public.
    """
    request_log(app, is_edge=is_edge)

    def metrics() -> Response:
        """All metrics of this service in Prometheus' text format; the gateway does not route here."""
        if _Exporters.metrics is not None:
            abort(404)
        body, content_type = exposition()
        return Response(body, content_type=content_type)

    metrics.__permission__ = "public"  # type: ignore[attr-defined]
    app.add_url_rule("/metrics", "metrics", metrics)
