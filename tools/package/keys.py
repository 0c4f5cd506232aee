"""Finds the keys Copilot ignores and the values it swallows: its decoding is not strict, ours is."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator
from typing import Any

from tools.package.findings import Finding
from tools.package.key_trees import ANY, ENVIRONMENT, EXPECTED, PIPELINE, WORKLOADS, Tree
from tools.package.workspace import Workload, Workspace


def key_findings(workspace: Workspace) -> Iterator[Finding]:
    """Yield every key no manifest has and every value its field cannot hold."""
    for environment in workspace.environments:
        yield from _check(environment.manifest, ENVIRONMENT, environment.file, "")
    for pipeline in workspace.pipelines:
        yield from _check(pipeline.manifest, PIPELINE, pipeline.file, "")
    for workload in workspace.workloads:
        yield from _workload(workload, workspace.environment_names)


def _workload(workload: Workload, environments: list[str]) -> Iterator[Finding]:
    tree = WORKLOADS.get(workload.kind)
    if tree is None:
        advice = f"{workload.kind!r} is no kind of workload here; write one of {_listed(WORKLOADS)}"
        yield Finding(workload.file, "type", advice)
        return
    own = {key: under for key, under in tree.items() if key not in ("name", "type")}
    whole = {**tree, "environments": dict.fromkeys(environments, own)}
    yield from _check(workload.manifest, whole, workload.file, "")


def _check(node: Any, tree: Tree, file: str, field: str) -> Iterator[Finding]:
    if isinstance(node, dict | list):
        yield from _check_nested(node, tree, file, field)
    elif isinstance(tree, set) and node not in tree:
        yield Finding(file, field, f"Copilot would ignore {node!r}; write {_listed(tree)}")
    elif isinstance(tree, re.Pattern) and not tree.fullmatch(str(node)) and "${" not in str(node):
        yield Finding(file, field, f"{node!r} is not {EXPECTED[tree]}")


def _check_nested(node: Any, tree: Tree, file: str, field: str) -> Iterator[Finding]:
    if tree is ANY:
        return
    if isinstance(tree, set | re.Pattern):
        yield Finding(file, field, "a single value is expected here, not a list or map")
    elif isinstance(node, list):
        # A list is also allowed where a map is: security groups, aliases, alarms by name.
        for index, each in enumerate(node):
            yield from _check(each, tree[0] if isinstance(tree, list) else tree, file, f"{field}[{index}]")
    elif isinstance(tree, list):
        yield Finding(file, field, "a list is expected here: begin each entry with a dash")
    else:
        yield from _check_keys(node, tree, file, field)


def _check_keys(node: dict[Any, Any], tree: dict[str, Tree], file: str, field: str) -> Iterator[Finding]:
    for key, value in node.items():
        where = f"{field}.{key}".lstrip(".")
        if key in tree or "*" in tree:
            yield from _check(value, tree.get(key, tree.get("*")), file, where)
        else:
            near = difflib.get_close_matches(str(key), list(tree), n=1)
            hint = f"did you mean {near[0]}?" if near else f"allowed here: {_listed(tree)}"
            yield Finding(file, where, f"Copilot would ignore this key; {hint}")


def _listed(words: Collection[str]) -> str:
    return ", ".join(sorted(words))
