"""The service factory: a Flask application with logging, deadlines, auth, problems, health and OpenAPI document."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, Protocol, TypeVar

import orjson
from flask import Flask, Response, abort, current_app, jsonify
from flask.json.provider import JSONProvider
from flask_smorest import Blueprint
from webargs.core import missing
from webargs.flaskparser import FlaskParser, is_json_request

from shared.base import deadline
from shared.base.errors import UnsupportedMediaType
from shared.base.settings import ServiceSettings
from shared.calls.service_client import ServiceClient
from shared.observe.observability import configure_observability, observe_requests
from shared.web.auth import public, register_auth
from shared.web.conditional import register_conditional
from shared.web.documented import document
from shared.web.lists import PageSchema, linked
from shared.web.openapi import DocumentedApi, DocumentedBlueprint
from shared.web.problem_catalog import problems_of
from shared.web.problems import register_problems
from shared.web.revocations import Revocations
from shared.web.strictness import (
    declare_query,
    register_strict_queries,
    require_declared_parts,
    require_unrepeated_keys,
)
from shared.web.tokens import KeySource, RemoteKeys, TokenVerifier

Found = TypeVar("Found")

API_VERSION = "v1"
DEFAULT_SECONDS = 15.0


class Database(Protocol):
    """What the factory needs of a database."""

    def check(self) -> None:
        """Return if the database answers, else raise."""

    def is_failure(self, error: BaseException, /) -> bool:
        """Return whether an error says that the database is unavailable: the answer is then a 503."""


class OrjsonProvider(JSONProvider):
    """JSON by orjson: ten times faster than json, and strict (no NaN, no lone surrogates, limited depth)."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        return orjson.dumps(obj).decode()

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        return orjson.loads(s)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        return Response(orjson.dumps(self._prepare_response_obj(args, kwargs)), content_type="application/json")


class StrictParser(FlaskParser):
    """Parses a JSON body by orjson; another media type is a 415, malformed JSON or a repeated key a 400."""

    def _raw_load_json(self, req: Any) -> Any:
        body = req.get_data(cache=True)
        if not body:
            return missing
        if not is_json_request(req):
            raise UnsupportedMediaType("Send application/json.")
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError as fault:
            abort(400, f"The body is not valid JSON: {fault.msg}.")
        require_unrepeated_keys(body, value)
        return value

    def load_files(self, req: Any, schema: Any) -> Any:
        require_declared_parts(req.files, req.form, schema)
        return super().load_files(req, schema)


class ApiBlueprint(DocumentedBlueprint):
    """A blueprint that documents its routes, which take the query that they declare and no other; strict parser."""

    ARGUMENTS_PARSER = StrictParser()

    def arguments(self, schema: Any, *, location: str = "json", **options: Any) -> Callable[..., Any]:
        decorate = super().arguments(schema, location=location, **options)

        def declared(route: Callable[..., Any]) -> Callable[..., Any]:
            decorated: Callable[..., Any] = decorate(route)
            if location == "query":
                declare_query(decorated, schema() if isinstance(schema, type) else schema)
            return decorated

        return declared

    def response(self, status_code: Any, schema: Any = None, **options: Any) -> Callable[..., Any]:
        decorate: Callable[..., Any] = super().response(status_code, schema, **options)
        is_page = isinstance(schema, type) and issubclass(schema, PageSchema)
        return (lambda route: document(decorate(linked(route)), headers=["Link"])) if is_page else decorate


def create_service(
    name: str,
    settings: ServiceSettings,
    *,
    blueprints: Iterable[Blueprint],
    database: Database | None = None,
    clients: Any = None,
    keys: KeySource | None = None,
    checks: Mapping[str, Callable[[], None]] | None = None,
    notices: Mapping[str, Callable[[], str | None]] | None = None,
) -> Flask:
    """
    Build one service.

    `clients` is what `current_clients` returns; `keys` verifies tokens (default: the users service's);
    `checks` are further dependencies of the readiness report: functions that raise when a dependency is unavailable.
    `notices` return what is wrong although the service answers requests, else None.
    """
    configure_observability(name, settings)
    app = Flask(name, static_folder=None)
    app.json = OrjsonProvider(app)
    app.config.update(
        MAX_CONTENT_LENGTH=settings.max_body_bytes,
        API_TITLE=f"Tradepost {name}",
        API_VERSION=API_VERSION,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/",
        OPENAPI_JSON_PATH="openapi.json",
    )
    app.extensions["tradepost_settings"] = settings
    app.extensions["tradepost_clients"] = clients
    api = DocumentedApi(app)
    api.spec.options["x-problems"] = problems_of(name)
    for blueprint in blueprints:
        api.register_blueprint(blueprint)
    register_auth(app, TokenVerifier(name, keys or remote_keys(settings.users_url), Revocations.at(settings.redis_url)))
    register_problems(app, is_store_failure=database.is_failure if database else None)
    register_strict_queries(app)
    register_conditional(app)
    register_health(app, name, {**({"mongodb": database.check} if database else {}), **(checks or {})}, notices)
    app.after_request(_without_type_of_no_body)
    observe_requests(app)
    app.wsgi_app = deadline.Middleware(app.wsgi_app, default_seconds=DEFAULT_SECONDS)  # type: ignore[method-assign]
    return app


def _without_type_of_no_body(response: Response) -> Response:
    if response.status_code == HTTPStatus.NO_CONTENT:
        del response.headers["Content-Type"]
    return response


def current_settings(kind: type[Found]) -> Found:
    """Return the settings that the current service was built with: `current_settings(OrdersSettings)`."""
    return _current("tradepost_settings", kind)


def current_clients(kind: type[Found]) -> Found:
    """Return the clients that the current service was built with: `current_clients(Clients)`."""
    return _current("tradepost_clients", kind)


def _current(extension: str, kind: type[Found]) -> Found:
    found = current_app.extensions[extension]
    if not isinstance(found, kind):
        raise TypeError(f"{current_app.name} was built with a {type(found).__name__}, not with a {kind.__name__}")
    return found


def remote_keys(users_url: str) -> RemoteKeys:
    """Return the public keys of the users service, fetched at the first use."""
    users = ServiceClient(users_url, service="users")
    return RemoteKeys(lambda: users.get("/.well-known/jwks.json", timeout=1.0))


def register_health(
    app: Flask,
    name: str,
    checks: Mapping[str, Callable[[], str | None]],
    notices: Mapping[str, Callable[[], str | None]] | None = None,
) -> None:
    @app.get("/health/live")
    @public
    def live() -> Response:
        """Return 200 without a check of dependencies, so that an unavailable dependency restarts no container."""
        return jsonify(status="ok", service=name)

    @app.get("/health/ready")
    @public
    def ready() -> tuple[Response, int]:
        """Return 503 when a dependency is unavailable; a notice makes the status `degraded` and no more."""
        report = {part: _outcome(check) for part, check in checks.items()}
        is_ready = all(outcome == "ok" for outcome in report.values())
        report |= {part: _outcome(notice) for part, notice in (notices or {}).items()}
        is_well = all(outcome == "ok" for outcome in report.values())
        return jsonify(status="ok" if is_well else "degraded", service=name, checks=report), 200 if is_ready else 503


def _outcome(check: Callable[[], str | None]) -> str:
    try:
        return check() or "ok"
    except Exception as failure:  # the report names any failure
        return type(failure).__name__
