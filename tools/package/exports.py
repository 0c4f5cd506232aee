"""What stacks import from one another: Copilot and cfn-lint take every name on trust."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tools.package.stacks import Stack

Fault = tuple[str, str]


def exported_names(stacks: list[Stack], app: str, environment: str) -> set[str]:
    """Return what the environment's own stack and its addons export."""
    names = set()
    for stack in stacks:
        if stack.environment == environment:
            for output in (stack.template.get("Outputs") or {}).values():
                name = (output.get("Export") or {}).get("Name")
                if name is not None:
                    names.add(_filled(name, stack, app))
    return names


def import_faults(stack: Stack, app: str, known: set[str]) -> Iterator[Fault]:
    """Yield each import in a stack that nothing exports, with the path of the import."""
    for path, name in _imports(stack.template.get("Resources") or {}, "Resources"):
        wanted = _filled(name, stack, app)
        if wanted not in known:
            yield path, f"no stack exports {wanted}; correct from_cfn, or export it from an addon of the environment"


def _imports(node: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(node, list):
        for index, each in enumerate(node):
            yield from _imports(each, f"{path}[{index}]")
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "Fn::ImportValue":
                yield path, value
            else:
                yield from _imports(value, f"{path}.{key}")


def _filled(name: Any, stack: Stack, app: str) -> str:
    text = name.get("Fn::Sub", name) if isinstance(name, Mapping) else name
    known = {"AWS::StackName": f"{app}-{stack.environment}", **stack.parameters}
    for key, value in known.items():
        text = str(text).replace(f"${{{key}}}", value)
    return str(text)
