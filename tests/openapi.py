"""The merged OpenAPI document of the gateway, built from the services' apps, and answers checked by it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.gateway.policy import POLICY, UPSTREAMS
from services.gateway.rules.description import Description, merge_descriptions
from shared.data.keys_local import new_key_line
from tests.architecture import golden
from tests.architecture.apps import REQUIRED
from tests.documents import ApiDocument, answer_faults
from tests.support import Tokens
from tools.stores import Stores

ROOT = Path(__file__).parents[1]
BASE = "/api/v1"
BUILD_SECONDS = 120
Json = dict[str, Any]


class PublishedApi:
    """What the gateway promises to its clients."""

    def __init__(self, document: Json, problems: dict[str, set[int]]) -> None:
        self.document = document
        self.api = ApiDocument(document)
        self._problems = problems

    def faults(self, method: str, path: str, status: int, body: Any) -> list[str]:
        """Return what is wrong with an answer to `method` on `path` (below /api/v1), empty when nothing is."""
        operation = self.api.find(method, BASE + path)
        if operation is None:
            return [f"{method} {path} is not published"]
        answer = operation.answers.get(str(status))
        media_type = next(iter(answer.bodies), "") if answer is not None and body is not None else ""
        faults = answer_faults(operation, status, media_type=media_type, body=body)
        return [f"{method} {path} {status}: {fault}" for fault in faults]

    def problem_faults(self, status: int, type_: str) -> list[str]:
        """Return what is wrong with a problem of this type and status, empty when a service may answer so."""
        known = self._problems.get(type_)
        if known is None:
            return [f"No service answers with {type_}"]
        return [] if status in known else [f"{type_} has the status {sorted(known)}, not {status}"]


@cache
def published_api() -> PublishedApi:
    """Return the API as the services' apps describe it, built once per process."""
    statuses: dict[str, set[int]] = {}
    for problems in golden.problems().values():
        for type_, facts in problems.items():
            statuses.setdefault(type_, set()).add(facts["status"])
    return PublishedApi(merge_descriptions(_descriptions(), POLICY, ()), statuses)


def _descriptions() -> dict[str, Description]:
    """Build the apps in a process of their own: the connections and keys of other tests stay as they are."""
    command = [sys.executable, "-m", "tests.openapi"]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, timeout=BUILD_SECONDS)
    if built.returncode:
        pytest.fail(f"The services cannot be described: {built.stderr.decode(errors='replace')[-2000:]}")
    return msgspec.json.decode(built.stdout, type=dict[str, Description])


def check_answer(method: str, path: str, status: int, body: Any) -> None:
    """Fail the test when a fake answers what the real platform would not."""
    faults = published_api().faults(method, path, status, body)
    if faults:
        pytest.fail(f"The fake differs from the published API: {'; '.join(faults)}")


def check_problem(status: int, type_: str) -> None:
    """Fail the test when a fake refuses with a problem that no service knows."""
    faults = published_api().problem_faults(status, type_)
    if faults:
        pytest.fail(f"The fake differs from the services: {'; '.join(faults)}")


def _description(service: str) -> Any:
    stores = Stores(os.environ["TEST_MONGODB"], os.environ["TEST_REDIS"])
    config = import_module(f"services.{service}.config")
    with tempfile.NamedTemporaryFile() as keys:
        keys.write(new_key_line())
        keys.flush()
        environment = {
            "REDIS_URL": stores.redis_url(0),
            "MONGODB_URI": stores.mongodb_url(f"openapi_{service}"),
            "TRADEPOST_ENV": "test",
            "KEY_FILE": keys.name,
        }
        settings = getattr(config, f"{service.title()}Settings").from_env(environment, **REQUIRED.get(service, {}))
        app = import_module(f"services.{service}.app").create_app(settings, keys=Tokens())
        return app.test_client().get("/openapi.json").json


if __name__ == "__main__":
    with contextlib.redirect_stdout(sys.stderr):
        described = {service: _description(service) for service in UPSTREAMS}
    sys.stdout.write(json.dumps(described))
