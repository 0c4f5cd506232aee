"""What a forked process becomes: a gunicorn, an event worker, a jobs worker or the scheduler."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

from gunicorn.app.base import BaseApplication

from shared.base.workloads import Kind, Workload


class ForkedApplication(BaseApplication):
    """gunicorn inside a fork of the supervisor, configured as `gunicorn -c python:shared.web.gunicorn` is."""

    def __init__(self, package: str) -> None:
        self._package = package
        super().__init__()

    def load_config(self) -> None:
        for name, value in vars(import_module("shared.web.gunicorn")).items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)
        self.cfg.set("proc_name", self._package)

    def load(self) -> Any:
        return import_module(f"{self._package}.app").create_app()


def become(workload: Workload) -> None:
    """Run the workload in this process until SIGTERM."""
    os.makedirs(os.environ["PROMETHEUS_MULTIPROC_DIR"], exist_ok=True)
    match workload.kind:
        case Kind.WEB:
            ForkedApplication(workload.package).run()
        case Kind.WORKER:
            import_module("shared.events.worker").main(workload.package)
        case Kind.JOBS:
            import_module("shared.events.jobs").main(workload.package)
        case Kind.SCHEDULER:
            import_module(workload.package).main()


def preload() -> None:
    """
    Import once what every fork needs.

    Not boto3 (a laptop needs none of it), not prometheus_client (it reads its folder from the environment at import),
    and nothing of our own: a restarted process then runs the code as it is now.
    """
    for name in (
        "argon2",
        "bson",
        "cryptography.hazmat.primitives.asymmetric.ec",
        "cryptography.x509",
        "flask",
        "flask_bootstrap",
        "flask_jwt_extended",
        "flask_smorest",
        "flask_wtf",
        "gunicorn.arbiter",
        "gunicorn.workers.gthread",
        "http.client",
        "jinja2",
        "mongoengine",
        "msgspec",
        "orjson",
        "pymongo",
        "redis",
        "rq",
        "rq.cron",
        "stamina",
        "structlog",
        "urllib3",
        "wtforms",
    ):
        import_module(name)
