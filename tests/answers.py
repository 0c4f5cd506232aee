"""Every answer that an application gives in a test is compared with its OpenAPI document."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import orjson
from flask import Flask
from werkzeug.exceptions import HTTPException

from tests.documents import PROBLEM, ApiDocument, Operation, answer_faults
from tests.openapi import published_api

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_PARAMETER = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")
_documents: dict[str, ApiDocument] = {}


def checked(app: Flask) -> Flask:
    """Return the application of a service; from now on each of its answers is checked, or the request raises."""
    check = GatewayAnswers(app) if app.name == "gateway" else ServiceAnswers(app)
    app.wsgi_app = check  # type: ignore[method-assign]
    return app


class ServiceAnswers:
    """The WSGI application of a service that raises AssertionError when an answer is not as documented."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._inner: WSGIApplication = app.wsgi_app
        if app.name not in _documents:
            _documents[app.name] = ApiDocument(app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec.to_dict())
        self._document = _documents[app.name]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        started: list[Any] = []

        def note(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            started[:] = [int(status[:3]), headers]
            return start_response(status, headers, exc_info)

        pieces = self._inner(environ, note)
        if not started:
            return pieces
        status, headers = started
        body = None
        if "json" in _media_type(headers):
            body = b"".join(pieces)
            if hasattr(pieces, "close"):
                pieces.close()
            pieces = [body]
        faults = self._faults(environ, status, headers, body)
        where = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} {status}"
        assert not faults, f"{self._app.name} differs from its document: {where}: {'; '.join(faults)} {body!r}"[:2000]
        return pieces

    def _faults(
        self, environ: WSGIEnvironment, status: int, headers: list[tuple[str, str]], body: bytes | None
    ) -> list[str]:
        media_type = _media_type(headers)
        value = orjson.loads(body) if body else None
        operation = self._find(environ)
        if operation is None:
            return self._document.problem_faults(value) if media_type == PROBLEM and value is not None else []
        names = [name for name, _ in headers]
        if environ["REQUEST_METHOD"] == "HEAD":
            return answer_faults(operation, status, headers=names)
        return answer_faults(operation, status, media_type=media_type, body=value, headers=names)

    def _find(self, environ: WSGIEnvironment) -> Operation | None:
        """Return the operation that the service's own routing finds; None for health, metrics and unknown paths."""
        try:
            rule, _ = self._app.url_map.bind_to_environ(environ).match(return_rule=True)
        except HTTPException:
            return None
        return self._document.operation(environ["REQUEST_METHOD"], _PARAMETER.sub(r"{\1}", str(rule.rule)))


class GatewayAnswers(ServiceAnswers):
    """The gateway's own refusals; what passes through it is an answer of a made-up upstream."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._inner = app.wsgi_app
        self._document = published_api().api

    def _faults(
        self, environ: WSGIEnvironment, status: int, headers: list[tuple[str, str]], body: bytes | None
    ) -> list[str]:
        if _media_type(headers) != PROBLEM or body is None or b'"request_id"' not in body:
            return []
        if b'"/problems/upstream-refused"' in body:  # any status of a proxy in between
            return self._document.problem_faults(orjson.loads(body))
        return super()._faults(environ, status, headers, body)

    def _find(self, environ: WSGIEnvironment) -> Operation | None:
        raw = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""
        return self._document.find(environ["REQUEST_METHOD"], str(raw).partition("?")[0])


def _media_type(headers: list[tuple[str, str]]) -> str:
    found = (value for name, value in headers if name.lower() == "content-type")
    return next(found, "").partition(";")[0].strip().lower()
