"""What Flask serves at the gateway: the API's description and its health."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path
from typing import Any

import msgspec
import orjson
from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    jsonify,
    redirect,
    render_template,
    request,
    send_from_directory,
    url_for,
)
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from services.gateway import operations
from shared.web.auth import public

blueprint = Blueprint("gateway", __name__, template_folder="templates")

OWN_ASSETS = Path(__file__).parent / "static"
ASSETS = frozenset({"swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png", "docs.js", "docs.css"})
ASSET_SECONDS = 3600
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@blueprint.after_request
def protect(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", PAGE_POLICY)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@blueprint.get("/")
@public
def front() -> ResponseReturnValue:
    return redirect(url_for("gateway.docs"))


@blueprint.get("/robots.txt")
@public
def robots() -> Response:
    """Search engines may read the documentation; answers of the API are no pages."""
    return Response("User-agent: *\nDisallow: /api/\n", content_type="text/plain; charset=utf-8")


@blueprint.get("/docs")
@public
def docs() -> str:
    return render_template("docs.html")


@blueprint.get("/docs/openapi.json")
@public
def openapi() -> Response:
    """The merged document; it carries an ETag, so that tools may poll it cheaply."""
    server = request.root_url.removesuffix("/")
    body = orjson.dumps(operations.describe_api(_part("descriptions"), server=server))
    response = Response(body, content_type="application/json")
    response.set_etag(hashlib.sha256(body).hexdigest()[:32])
    response.headers["Cache-Control"] = "no-cache"
    response.make_conditional(request)
    return response


@blueprint.get("/problems/<name>")
@public
def problem_type(name: str) -> ResponseReturnValue:
    """The type of a problem document is a reference: `/problems/order-not-cancellable` leads to its page."""
    return redirect(url_for("gateway.problem", name=name), 303)


@blueprint.get("/docs/problems")
@public
def problem_list() -> Response:
    pages = list(operations.describe_problems(_part("descriptions")).values())
    return _html_or_json("problems.html", {"items": pages}, pages=pages)


@blueprint.get("/docs/problems/<name>")
@public
def problem(name: str) -> Response:
    page = operations.describe_problems(_part("descriptions")).get(name)
    if page is None:
        abort(404)
    return _html_or_json("problem.html", page, page=page)


@blueprint.app_template_filter("code")
def code(text: str) -> Markup:
    """Return a text whose parts in backticks are code."""
    parts = enumerate(text.split("`"))
    return Markup("").join(Markup("<code>{}</code>").format(part) if place % 2 else part for place, part in parts)


def _html_or_json(template: str, content: object, **shown: object) -> Response:
    """Return the page, or its content to a client that prefers JSON."""
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        response = Response(msgspec.json.encode(content), content_type="application/json")
    else:
        response = Response(render_template(template, **shown))
    response.vary.add("Accept")
    response.headers["Cache-Control"] = "no-cache"
    return response


@blueprint.get("/docs/assets/<name>")
@public
def docs_asset(name: str) -> Response:
    if name not in ASSETS:
        abort(404)
    folder = OWN_ASSETS if name.startswith("docs.") else swagger_folder()
    return send_from_directory(folder, name, max_age=ASSET_SECONDS)


@blueprint.get("/health/live")
@public
def live() -> Response:
    """The process serves; no dependency is called."""
    return jsonify(status="ok", service="gateway")


@blueprint.get("/health/ready")
@public
def ready() -> Response:
    """The state of every dependency; always 200, since the gateway still serves the routes of the others."""
    checks = _part("readiness").report()
    status = "ok" if all(state == "ok" for state in checks.values()) else "degraded"
    response = jsonify(status=status, service="gateway", checks=checks)
    response.headers["Cache-Control"] = "no-store"
    return response


def swagger_folder() -> Path:
    """Return where the installed `flask-swagger-ui` keeps Swagger UI's own build; only its files are used."""
    found = importlib.util.find_spec("flask_swagger_ui")
    if found is None or found.origin is None:
        raise FileNotFoundError("flask-swagger-ui is not installed")
    return Path(found.origin).parent / "dist"


def _part(name: str) -> Any:
    return current_app.extensions["gateway"][name]
