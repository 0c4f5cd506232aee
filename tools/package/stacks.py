"""Rendered stacks, read with the parameters they are deployed with: conditions decided, Ifs taken."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.package.reading import read_template

# The environment's stack only: its env-controller Lambda writes these whenever a workload comes or goes.
CONTROLLER_OWNED = (
    "ALBWorkloads",
    "Aliases",
    "AppRunnerPrivateWorkloads",
    "EFSWorkloads",
    "InternalALBWorkloads",
    "NATWorkloads",
)
_NO_VALUE = {"Ref": "AWS::NoValue"}


@dataclass(frozen=True)
class Stack:
    """A rendered template; `file` is relative to the repository, `environment` is empty for what belongs to none."""

    file: str
    environment: str
    template: Mapping[str, Any]
    parameters: Mapping[str, str]

    def resources(self, *types: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield (logical id, properties) of the resources of these types, as they will be created."""
        for name, resource in (self.template.get("Resources") or {}).items():
            if resource.get("Type") in types:
                yield name, self.decided(resource.get("Properties") or {})

    def creates(self, name: str) -> bool:
        """Whether a resource's own condition holds, or it has none."""
        condition = self.template["Resources"][name].get("Condition")
        return condition is None or self.holds({"Condition": condition})

    def decided(self, node: Any) -> Any:
        """Return a part of the template with parameters filled in and every If replaced by what it chooses."""
        if isinstance(node, list):
            return [self.decided(each) for each in node if each != _NO_VALUE and self.decided(each) != _NO_VALUE]
        if not isinstance(node, dict):
            return node
        if set(node) == {"Fn::If"}:
            condition, then, otherwise = node["Fn::If"]
            return self.decided(then if self.holds({"Condition": condition}) else otherwise)
        if set(node) == {"Ref"} and node["Ref"] in self.parameters:
            return self.parameters[node["Ref"]]
        kept = {key: self.decided(value) for key, value in node.items()}
        return kept if node == _NO_VALUE else {key: value for key, value in kept.items() if value != _NO_VALUE}

    def holds(self, condition: Mapping[str, Any]) -> bool:
        """Whether a condition is true once the environment has all its workloads."""
        match list(condition.items()):
            case [("Condition", name)]:
                return self.holds(self.template["Conditions"][name])
            case [("Fn::Not", [negated])]:
                return not self.holds(negated)
            case [("Fn::And", all_of)]:
                return all(self.holds(each) for each in all_of)
            case [("Fn::Or", any_of)]:
                return any(self.holds(each) for each in any_of)
            case [("Fn::Equals", [left, right])]:
                return _text(self.decided(left)) == _text(self.decided(right))
        raise ValueError(f"{self.file}: {condition} is no condition")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def parameters_of(template: Path) -> dict[str, str]:
    """Return the parameters that Copilot wrote next to a template."""
    parameters = template.with_name(template.name.replace(".stack.yml", ".yml").replace(".yml", ".params.json"))
    if not parameters.exists():
        return {}
    return {str(key): str(value) for key, value in json.loads(parameters.read_text())["Parameters"].items()}


def read_stacks(root: Path, out: Path, app: str) -> list[Stack]:
    """Return every rendered stack below `out`, the environments' addons among them."""
    return [_read(root, out, app, path) for path in sorted(out.glob("*/*.yml"))]


def _read(root: Path, out: Path, app: str, path: Path) -> Stack:
    folder = path.relative_to(out).parts[0]
    environment = "" if folder == "pipelines" else folder
    template = read_template(path)
    # An addon's parameters come from the stack above it: only these two are known here.
    given = parameters_of(path) or ({"App": app, "Env": environment} if environment else {})
    defaults = {
        name: str(parameter["Default"])
        for name, parameter in (template.get("Parameters") or {}).items()
        if "Default" in parameter
    }
    filled = {name: value or "filled" if name in CONTROLLER_OWNED else value for name, value in given.items()}
    file = str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
    return Stack(file, environment, template, {**defaults, **filled})
