"""All the checks, each where it belongs: manifests before the binary runs, templates after it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tools.package import exports, template_rules
from tools.package.findings import Finding
from tools.package.keys import key_findings
from tools.package.linting import lint
from tools.package.manifest_rules import manifest_findings
from tools.package.reading import read_template
from tools.package.stacks import Stack
from tools.package.values import placeholder_findings
from tools.package.workspace import Workspace
from tools.package.workspace_rules import source_findings, workspace_findings

ADDONS = "copilot/environments/addons"


def static_findings(workspace: Workspace, values: Mapping[str, str]) -> list[Finding]:
    """Return what is wrong in manifests and sources; no process is started."""
    return [
        *workspace.unreadable,
        *placeholder_findings(workspace, values),
        *key_findings(workspace),
        *manifest_findings(workspace),
        *workspace_findings(workspace),
        *source_findings(workspace),
    ]


def own_templates(root: Path) -> list[Stack]:
    """Return deploy/*.yml: the stacks that are not Copilot's."""
    return [
        Stack(str(path.relative_to(root)), "", read_template(path), {})
        for path in sorted((root / "deploy").glob("*.yml"))
    ]


def template_findings(workspace: Workspace, stacks: Sequence[Stack]) -> list[Finding]:
    """Return what our own rules find in rendered stacks and own templates."""
    known = {name: exports.exported_names(list(stacks), workspace.app, name) for name in workspace.environment_names}
    found: dict[tuple[str, str, str], list[str]] = {}
    for stack in stacks:
        faults = [each for rule in template_rules.RULES for each in rule(stack)]
        if stack.environment:
            faults += exports.import_faults(stack, workspace.app, known[stack.environment])
        for field, advice in faults:
            key = (source_of(workspace, stack, field), field, advice)
            found.setdefault(key, []).append(stack.environment)
    return list(_collected(found))


def lint_findings(workspace: Workspace, stacks: Sequence[Stack]) -> list[Finding]:
    """Return cfn-lint's errors."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for stack, (field, message) in lint(stacks):
        found.setdefault((source_of(workspace, stack, field), field, message), []).append(stack.environment)
    return list(_collected(found))


def source_of(workspace: Workspace, stack: Stack, field: str) -> str:
    """Return the file to correct: the manifest or addon that the faulty resource comes from."""
    name = Path(stack.file).name
    if name == "env.addons.yml":
        return _addon_with(workspace, field) or ADDONS
    if not stack.environment:
        return stack.file
    if name == f"{stack.environment}.env.yml":
        return f"copilot/environments/{stack.environment}/manifest.yml"
    workload = name.removesuffix(".addons.stack.yml").removesuffix(f"-{stack.environment}.stack.yml")
    return f"copilot/{workload}/{'addons' if '.addons.' in name else 'manifest.yml'}"


def _addon_with(workspace: Workspace, field: str) -> str:
    section, _, rest = field.partition(".")
    name = rest.partition(".")[0]
    for path in sorted((workspace.root / ADDONS).glob("*.yml")):
        if name and name in (read_template(path).get(section) or {}):
            return f"{ADDONS}/{path.name}"
    return ""


def _collected(found: Mapping[tuple[str, str, str], list[str]]) -> Iterator[Finding]:
    for (file, field, advice), environments in found.items():
        where = sorted(set(filter(None, environments)))
        yield Finding(file, field, advice + (f" (in {', '.join(where)})" if where else ""))
