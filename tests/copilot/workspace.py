"""What the manifests, patches and rendered templates say: each workload as one environment gets it."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.base.workloads import SERVICES, WORKLOADS, Kind

ROOT = Path(__file__).parents[2]
COPILOT = ROOT / "copilot"
PACKAGE = ROOT / "build" / "package"
ENVIRONMENTS = ("test", "staging", "prod")
WEB, BACKEND, WORKER, JOB = "Load Balanced Web Service", "Backend Service", "Worker Service", "Scheduled Job"
EDGE = ("gateway", "admin", "customer", "psp-sandbox")
# What a laptop runs and AWS has a service of its own for.
LOCAL_ONLY = ("scheduler", "mailbox")


class _Loader(yaml.SafeLoader):
    """YAML as Copilot reads it: `on` is a word, and CloudFormation's short forms become their long ones."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in pairs if tag != "tag:yaml.org,2002:bool" or first in "tTfF"]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _long_form(loader: Any, suffix: str, node: Any) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {name: value.split(".", 1) if suffix == "GetAtt" and isinstance(value, str) else value}


_Loader.add_multi_constructor("!", _long_form)


def read(path: Path) -> Any:
    return yaml.load(path.read_text(), _Loader)  # noqa: S506 (a SafeLoader with CloudFormation's tags)


@cache
def manifests() -> dict[str, dict[str, Any]]:
    return {path.parent.name: read(path) for path in sorted(COPILOT.glob("*/manifest.yml"))}


def _merged(base: Any, change: Any) -> Any:
    if not isinstance(base, dict) or not isinstance(change, dict):
        return copy.deepcopy(change)
    return base | {key: _merged(base.get(key), value) for key, value in change.items()}


def manifest_of(name: str, environment: str) -> dict[str, Any]:
    """Return the manifest as `environment` gets it: its block laid over the rest, maps merged and lists replaced."""
    base = manifests()[name]
    merged: dict[str, Any] = _merged(base, base.get("environments", {}).get(environment, {}))
    return merged


def deployed() -> list[tuple[str, str]]:
    """Return every (workload, environment) there is: a workload goes where its `environments` has a block."""
    return [
        (name, each)
        for name, manifest in manifests().items()
        for each in ENVIRONMENTS
        if each in manifest["environments"]
    ]


def of_type(*types: str) -> list[str]:
    return [name for name, manifest in manifests().items() if manifest["type"] in types]


def service_of(name: str) -> str:
    """Return whose code and database a workload uses: `orders` for `orders-worker` and `orders-attend-due-orders`."""
    return next((each for each in (*SERVICES, *EDGE) if name == each or name.startswith(f"{each}-")), name)


def expected_types() -> dict[str, str]:
    """Return what the table of workloads asks for, without the jobs that are only scheduled."""
    types = {Kind.WORKER: WORKER, Kind.JOBS: BACKEND}
    return {
        each.name: types.get(each.kind, WEB if each.name in EDGE else BACKEND)
        for each in WORKLOADS
        if each.name not in LOCAL_ONLY
    }


@cache
def patches_of(name: str) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = read(COPILOT / name / "overrides" / "cfn.patches.yml")
    return loaded


def patched(name: str, path: str) -> Any:
    """Return what the workload's patches leave at `path`; a later patch wins, one below it changes it."""
    found: Any = None
    for patch in patches_of(name):
        if patch["path"] == path:
            found = copy.deepcopy(patch["value"])
        elif patch["path"].startswith(f"{path}/"):
            *way, last = patch["path"].removeprefix(f"{path}/").split("/")
            place = found
            for step in way:
                place = place[step]
            place[last] = copy.deepcopy(patch["value"])
    return found


@cache
def template_of(name: str, environment: str) -> dict[str, Any]:
    """Return the rendered template; skip, saying how to render, when there is none."""
    path = PACKAGE / environment / (f"{name}-{environment}.stack.yml" if name != environment else f"{name}.env.yml")
    if not path.is_file():
        pytest.skip("build/package is absent: run `make package` first")
    loaded: dict[str, Any] = read(path)
    return loaded
