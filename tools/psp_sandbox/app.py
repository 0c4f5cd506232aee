"""Composition root of the card processor's double; runs in one gunicorn worker with threads."""

from __future__ import annotations

from flask import Flask, Response, jsonify

from shared.base.settings import ObservedSettings
from shared.observe.observability import configure_observability, observe_requests
from tools.psp_sandbox import api, pages
from tools.psp_sandbox.config import SandboxSettings
from tools.psp_sandbox.state import EXTENSION, SandboxState

LARGEST_REQUEST = 64 * 1024


def create_app(settings: SandboxSettings | None = None) -> Flask:
    """Build the application and start its webhook sender."""
    configure_observability("psp-sandbox", ObservedSettings.from_env())
    sandbox = SandboxState.open(settings or SandboxSettings.from_env())
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_REQUEST
    app.extensions[EXTENSION] = sandbox
    app.register_blueprint(api.blueprint)
    app.register_blueprint(pages.blueprint)
    app.before_request(sandbox.sender.ensure_running)
    app.after_request(_harden)
    _add_health(app, sandbox)
    observe_requests(app, is_edge=True)
    sandbox.sender.ensure_running()
    return app


def _add_health(app: Flask, sandbox: SandboxState) -> None:
    @app.get("/health/live")
    def live() -> Response:
        return jsonify({"status": "ok"})

    @app.get("/health/ready")
    def ready() -> Response:
        with sandbox.store.transaction() as connection:
            connection.execute("SELECT 1")
        return jsonify({"status": "ok", "dependencies": {"sqlite": "ok"}})


def _harden(response: Response) -> Response:
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
