"""A web workload that answers probes, tells its environment, and ends itself when asked."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from flask import Flask, jsonify, request

LARGE_BYTES = 12_000_000


def create_app() -> Flask:
    """Refuse to be built while the file of BROKEN_WHILE exists, as a service with a bad setting does."""
    broken = os.environ.get("BROKEN_WHILE")
    if broken and Path(broken).exists():
        raise RuntimeError("A setting is missing on purpose")
    app = Flask("tiny")

    @app.get("/health/live")
    @app.get("/health/ready")
    def ready():
        return jsonify(status="ok")

    @app.get("/environment")
    def environment():
        return jsonify(dict(os.environ))

    @app.get("/wsgi")
    def wsgi():
        return jsonify({name: value for name, value in request.environ.items() if isinstance(value, str)})

    @app.get("/arbiter")
    def arbiter():
        return jsonify(pid=os.getppid(), worker=os.getpid())

    @app.post("/end")
    def end():
        os.kill(os.getppid(), signal.SIGKILL)
        return jsonify()

    _add_bodies(app)
    return app


def _add_bodies(app: Flask) -> None:
    @app.get("/large")
    def large():
        return "x" * LARGE_BYTES

    @app.post("/length")
    def length():
        return jsonify(length=len(request.get_data()))

    @app.post("/unread")
    def unread():
        return jsonify()

    @app.get("/slow")
    def slow():
        time.sleep(float(request.args["seconds"]))
        return jsonify()
