"""Render copilot/ with the real Copilot binary, offline, and refuse what AWS would refuse or silently ignore."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.package.checks import lint_findings, own_templates, static_findings, template_findings
from tools.package.emulator import EmulatorUnavailable
from tools.package.findings import Finding
from tools.package.linting import LinterFailed
from tools.package.release import write_release
from tools.package.rendering import Selection, Step, copilot_offline, render
from tools.package.stacks import read_stacks
from tools.package.values import values_for
from tools.package.workspace import Workspace, read_workspace

FAULTS, UNUSABLE = 1, 2


def main(arguments: Sequence[str] | None = None, given: Mapping[str, str] = os.environ) -> int:
    """Package the selected workloads; the exit status is 1 for findings, 2 when rendering could not start."""
    options = _options(arguments)
    try:
        workspace = read_workspace(options.root)
        unknown = _unknown(options, workspace)
        if unknown:
            return _unusable(unknown)
        findings = _package(workspace, options, values_for(workspace, given))
    except FileNotFoundError as missing:
        return _unusable(f"{missing.filename} is missing: name the repository by --root.")
    except (EmulatorUnavailable, LinterFailed) as fault:
        return _unusable(str(fault))
    for finding in findings:
        print(finding)
    return FAULTS if findings else 0


def _package(workspace: Workspace, options: argparse.Namespace, values: Mapping[str, str]) -> list[Finding]:
    begun = time.monotonic()
    findings = static_findings(workspace, values)
    print(f"{_since(begun)}  manifests read: {len(workspace.workloads)} workloads, {len(workspace.environments)} envs")
    steps: list[Step] = []
    # A manifest that cannot be read, or lacks a value, would only be refused again, less clearly.
    if not options.static and not workspace.unreadable:
        rendered = _render(workspace, options, values)
        steps, findings = rendered[0], findings + rendered[1]
    failed = sum(bool(step.refusal) for step in steps)
    templates = f"{len(steps) - failed} of {len(steps)} stacks rendered, " if steps else ""
    print(f"{_since(begun)}  {templates}{len(findings)} findings")
    return findings


def _render(
    workspace: Workspace, options: argparse.Namespace, values: Mapping[str, str]
) -> tuple[list[Step], list[Finding]]:
    selection, out = Selection(options.env, options.workload), options.out.resolve()
    with copilot_offline(workspace, values) as copilot:
        steps = render(copilot, out, selection, _show)
    write_release(workspace, out)
    stacks = [*read_stacks(workspace.root, out, workspace.app), *own_templates(workspace.root)]
    stacks = [each for each in stacks if not each.environment or selection.has_environment(each.environment)]
    findings = [finding for step in steps for finding in step.findings()] + template_findings(workspace, stacks)
    if options.lint:
        begun = time.monotonic()
        findings += lint_findings(workspace, stacks)
        print(f"{_since(begun)}  cfn-lint: {len(stacks)} templates")
    return steps, findings


def _show(step: Step) -> None:
    print(f"{step.seconds:6.2f} s  {step.what}{': REFUSED' if step.refusal else ''}", flush=True)


def _since(begun: float) -> str:
    return f"{time.monotonic() - begun:6.2f} s"


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.package", description=__doc__)
    parser.add_argument("--env", action="append", default=[], help="render this environment only (may be repeated)")
    parser.add_argument("--workload", action="append", default=[], help="render this workload only (may be repeated)")
    parser.add_argument("--static", action="store_true", help="check manifests and sources only; takes a second")
    parser.add_argument("--no-lint", dest="lint", action="store_false", help="leave cfn-lint out")
    parser.add_argument("--root", type=Path, default=Path(), help="the repository (default: here)")
    parser.add_argument("--out", type=Path, default=Path("build/package"), help="where templates go (build/package)")
    return parser.parse_args(arguments)


def _unknown(options: argparse.Namespace, workspace: Workspace) -> str:
    names = {each.name for each in workspace.workloads}
    for kind, wanted, known in (
        ("environment", options.env, workspace.environment_names),
        ("workload", options.workload, names),
    ):
        for name in wanted:
            if name not in known:
                return f"There is no {kind} {name!r} under copilot/; there are {', '.join(sorted(known))}."
    return ""


def _unusable(sentence: str) -> int:
    sys.stderr.write(sentence + "\n")
    return UNUSABLE


if __name__ == "__main__":
    sys.exit(main())
