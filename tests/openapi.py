"""The merged OpenAPI document of the gateway, built from the services' apps, and answers checked by it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from jsonschema import Draft202012Validator

from services.gateway.policy import POLICY, UPSTREAMS
from services.gateway.rules.description import Description, merge_descriptions
from shared.data.keys_local import new_key_line
from tests.architecture import golden
from tests.architecture.apps import REQUIRED
from tests.support import Tokens
from tools.stores import Stores

ROOT = Path(__file__).parents[1]
BASE = "/api/v1"
BUILD_SECONDS = 120
TIMESTAMP = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"
Json = dict[str, Any]


class Operation(NamedTuple):
    """One documented method of one address; `responses` holds the body's validator by status, None for no body."""

    method: str
    address: re.Pattern[str]
    responses: dict[int, Draft202012Validator | None]


class PublishedApi:
    """What the gateway promises to its clients; validators are compiled once."""

    def __init__(self, document: Json, problems: dict[str, set[int]]) -> None:
        self.document = document
        self._problems = problems
        self._operations = sorted(self._read_operations(), key=lambda each: each.address.pattern.count("[^/]+"))

    def faults(self, method: str, path: str, status: int, body: Any) -> list[str]:
        """Return what is wrong with an answer to `method` on `path` (below /api/v1), empty when nothing is."""
        operation = self._find(method, path)
        if operation is None:
            return [f"{method} {path} is not published"]
        if status not in operation.responses:
            return [f"{method} {path} never answers {status}"]
        validator = operation.responses[status]
        if validator is None:
            return [] if body is None else [f"{method} {path} has no body with {status}"]
        return [f"{method} {path} {status}: {each.json_path} {each.message}" for each in validator.iter_errors(body)]

    def problem_faults(self, status: int, type_: str) -> list[str]:
        """Return what is wrong with a problem of this type and status, empty when a service may answer so."""
        known = self._problems.get(type_)
        if known is None:
            return [f"No service answers with {type_}"]
        return [] if status in known else [f"{type_} has the status {sorted(known)}, not {status}"]

    def _find(self, method: str, path: str) -> Operation | None:
        wanted = (each for each in self._operations if each.method == method and each.address.fullmatch(path))
        return next(wanted, None)

    def _read_operations(self) -> Iterator[Operation]:
        for address, methods in self.document["paths"].items():
            pattern = re.compile(re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(address.removeprefix(BASE))))
            for method, operation in methods.items():
                if isinstance(operation, dict) and "responses" in operation:
                    yield Operation(method.upper(), pattern, self._validators(operation["responses"]))

    def _validators(self, responses: Json) -> dict[int, Draft202012Validator | None]:
        found: dict[int, Draft202012Validator | None] = {}
        for status, response in responses.items():
            if status.startswith("2"):
                content = response.get("content", {}).get("application/json")
                found[int(status)] = content and Draft202012Validator(self.whole(content["schema"]))
        return found

    def whole(self, node: Any) -> Any:
        """Return a response's schema without references, and closed: a field that is not documented is a fault."""
        if isinstance(node, list):
            return [self.whole(each) for each in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            _, _, kind, name = node["$ref"].split("/")
            return self.whole(self.document["components"][kind][name])
        whole = {name: self.whole(value) for name, value in node.items()}
        if isinstance(whole.get("properties"), dict):
            whole.setdefault("additionalProperties", False)
        if whole.get("format") == "date-time":
            whole["pattern"] = TIMESTAMP
        return whole


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
