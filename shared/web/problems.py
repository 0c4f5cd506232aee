"""Error handlers that render every exception as a problem document (RFC 9457)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import Any

import orjson
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from shared.base.errors import (
    BadRequest,
    FieldError,
    InvalidInput,
    NotFound,
    Problem,
    Unavailable,
    UnsupportedMediaType,
)
from shared.observe.observability import get_logger
from shared.observe.tracing import current_request_id
from shared.web.arrivals import BodyTooLarge
from shared.web.raw_paths import raw_path
from shared.web.refused_requests import register_refusals
from shared.web.strictness import pointer_step

log = get_logger()

# The phrases of statuses differ between versions of Python, so that types derived from them would too.
OF_STATUS: Mapping[int, type[Problem]] = {
    400: BadRequest,
    404: NotFound,
    413: BodyTooLarge,
    415: UnsupportedMediaType,
    422: InvalidInput,
}
TITLES = {405: "Method not allowed"}


def problem_document(problem: Problem) -> dict[str, Any]:
    """Return the problem as a mapping: type, title, status, detail, request_id, errors and extension members."""
    document: dict[str, Any] = {"type": problem.type, "title": problem.title, "status": problem.status}
    if problem.detail:
        document["detail"] = problem.detail
    document["request_id"] = current_request_id()
    if problem.errors:
        document["errors"] = [{"pointer": error.pointer, "detail": error.detail} for error in problem.errors]
    return document | problem.extra


def render_problem(problem: Problem) -> Response:
    document = problem_document(problem) | {"instance": raw_path(request.environ)}
    response = Response(orjson.dumps(document), status=problem.status, content_type="application/problem+json")
    response.headers.update(problem.headers)
    response.headers["Cache-Control"] = "no-store"
    return response


def register_problems(app: Flask, *, is_store_failure: Callable[[BaseException], bool] | None = None) -> None:
    """Register handlers for every exception; a failure of the store becomes 503, unknown exceptions a logged 500."""

    def render(error: Exception) -> Response:
        return (_render_store_failure if is_store_failure and is_store_failure(error) else _render_crash)(error)

    register_refusals(app)
    app.register_error_handler(Problem, render_problem)
    app.register_error_handler(HTTPException, _render_http_error)
    app.register_error_handler(Exception, render)


def _render_store_failure(failure: Exception) -> Response:
    log.error("store_failed", failure=type(failure).__name__)
    return render_problem(Unavailable("The database is unavailable"))


def _render_crash(crash: Exception) -> Response:
    log.error("request_crashed", route=request.path, exc_info=crash)
    return render_problem(Problem())


def _render_http_error(error: HTTPException) -> Response:
    """Render errors of werkzeug and webargs; a validation error names each field by its JSON pointer."""
    status = error.code or 500
    messages = getattr(error, "data", {}).get("messages")
    if messages:
        location, fields = next(iter(messages.items())) if isinstance(messages, Mapping) else ("json", messages)
        problem: Problem = InvalidInput(errors=list(_field_errors(fields)), location=location)
    else:
        problem = _named(status, (error.description or "") if status != HTTPStatus.INTERNAL_SERVER_ERROR else "")
    if error.get_response().headers.get("Allow"):
        problem.headers["Allow"] = error.get_response().headers["Allow"]
    return render_problem(problem)


def _named(status: int, detail: str) -> Problem:
    """Return the problem of a status; for a status without one of ours, its type is the status' phrase."""
    if status in OF_STATUS:
        return OF_STATUS[status](detail)
    phrase = HTTPStatus(status).phrase
    kind = type(phrase.title().replace(" ", "").replace("-", ""), (Problem,), {})
    problem: Problem = kind(detail)
    problem.status = status
    problem.title = TITLES.get(status, phrase)
    return problem


def _field_errors(messages: Any, pointer: str = "") -> Iterator[FieldError]:
    """Return the nested messages of marshmallow as one FieldError per message."""
    if isinstance(messages, Mapping):
        for name, nested in messages.items():
            # An unknown field's name is the caller's: it is stored with the answer of a request with a key.
            step = "" if name == "_schema" else "/" + pointer_step(str(name))
            yield from _field_errors(nested, pointer + step)
    elif isinstance(messages, list):
        for message in messages:
            yield from _field_errors(message, pointer)
    else:
        yield FieldError(pointer, str(messages))
