"""Requests that the server refuses before the application has them; the application renders the refusal."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson
from flask import Flask, request
from gunicorn.http import errors, wsgi
from gunicorn.http.parser import RequestParser

from shared.base.errors import BadRequest, HeaderFieldsTooLarge, Problem, UriTooLong

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

REFUSAL = "tradepost.refusal"
_EXTENSION = "tradepost_refusals"


class ExpectationFailed(Problem):
    status = 417
    title = "Expectation failed"
    meaning = "The header Expect asks for something else than 100-continue."
    advice = "Leave the header out."


class TransferCodingUnknown(Problem):
    status = 501
    title = "Not implemented"
    meaning = "Only the transfer coding chunked is supported."
    advice = "Send the body with a Content-Length, or chunked."


_REFUSALS: tuple[tuple[tuple[type[Exception], ...], type[Problem], str], ...] = (
    ((errors.LimitRequestLine,), UriTooLong, "The request line is longer than 8190 bytes"),
    ((errors.LimitRequestHeaders,), HeaderFieldsTooLarge, "At most 64 header fields of 8190 bytes each are accepted"),
    ((errors.ExpectationFailed,), ExpectationFailed, "Only `Expect: 100-continue` is supported"),
    ((errors.UnsupportedTransferCoding,), TransferCodingUnknown, "Only `Transfer-Encoding: chunked` is supported"),
    (
        (errors.InvalidRequestLine, errors.InvalidRequestMethod, errors.InvalidHTTPVersion),
        BadRequest,
        "The request line is not valid HTTP/1.1",
    ),
    (
        (errors.InvalidChunkSize, errors.ChunkMissingTerminator, errors.InvalidChunkExtension),
        BadRequest,
        "The chunks of the body are not valid",
    ),
    (
        (errors.InvalidHeader, errors.InvalidHeaderName, errors.ObsoleteFolding),
        BadRequest,
        "A header field is not valid, or it is not allowed twice",
    ),
    ((errors.ParseException,), BadRequest, "The request is not valid HTTP/1.1"),
)


def problem_for(failure: Exception) -> Problem | None:
    """Return the problem for a failure of the server's parser; None for a crash of the application."""
    if isinstance(failure, Problem):
        return failure
    if isinstance(failure, errors.InvalidResponseHeader | errors.InvalidResponseHeaderName):
        return None
    for kinds, problem, detail in _REFUSALS:
        if isinstance(failure, kinds):
            return problem(detail)
    return None


def register_refusals(app: Flask) -> None:
    """Let the error handlers of `app` render the server's refusals; call it before anything else reads the request."""

    @app.before_request
    def raise_refusal() -> None:
        refusal = request.environ.get(REFUSAL)
        if refusal is not None:
            raise refusal

    app.extensions[_EXTENSION] = True


def refuse(app: WSGIApplication, cfg: Any, request: Any, outlet: Any, client: Any, problem: Problem) -> None:
    """Send the refusal of `request`, None when its head could not be parsed; `app` renders it if it can."""
    if _EXTENSION not in getattr(app, "extensions", {}):
        outlet.sendall(_bare_refusal(problem))
        return
    refused = request or next(RequestParser(cfg, [b"GET / HTTP/1.1\r\nHost: invalid\r\n\r\n"], client))
    refused._expected_100_continue = False
    response, environ = wsgi.create(refused, outlet, client, outlet.name, cfg)
    response.force_close()
    environ[REFUSAL] = problem
    pieces = app(environ, response.start_response)
    try:
        for piece in pieces:
            response.write(piece)
        response.close()
    finally:
        if hasattr(pieces, "close"):
            pieces.close()


def _bare_refusal(problem: Problem) -> bytes:
    """Return the response for a problem where the application renders none."""
    document = {"type": problem.type, "title": problem.title, "status": problem.status, "detail": problem.detail}
    body = orjson.dumps(document)
    head = (
        f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}\r\n"
        f"Content-Type: application/problem+json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
