"""Runs cfn-lint over rendered stacks and our own templates, with the parameters they are deployed with."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tools.package.stacks import Stack
from tools.package.values import REGION

# Errors of Copilot's own templates, by rule and resource; both are false alarms.
ACCEPTED = {
    ("E3676", "InternalHTTPSListener"),  # under a condition that is true only with certificates
    ("E3601", "StateMachine"),  # ${Partition} is filled by DefinitionSubstitutions
}
# Warnings that are errors here: a parameter's value that the template forbids, and a Lambda runtime that ends.
MINDED_WARNINGS = ("W1030", "W2531")
LINTERS = 2

Fault = tuple[str, str]


class LinterFailed(Exception):
    """cfn-lint itself failed; the message is what it printed."""


def lint(stacks: Sequence[Stack]) -> Iterator[tuple[Stack, Fault]]:
    """Yield (stack, (field, message)) for each error that is not accepted; equal templates are linted once."""
    with tempfile.TemporaryDirectory(prefix="tradepost-lint-") as folder:
        files: dict[str, Path] = {}
        stack_of: dict[str, Stack] = {}
        for number, stack in enumerate(stacks):
            text = _as_deployed(stack)
            if text not in files:
                files[text] = Path(folder, f"{number}.json")
                files[text].write_text(text, encoding="utf-8")
                stack_of[str(files[text])] = stack
        # The largest take longest: dealing them out in order of size gives each linter as much to do.
        names = sorted(stack_of, key=lambda name: Path(name).stat().st_size, reverse=True)
        with ThreadPoolExecutor(LINTERS) as pool:
            for matches in pool.map(_run, [names[start::LINTERS] for start in range(LINTERS)]):
                for match in matches:
                    fault = _minded(match)
                    if fault:
                        yield stack_of[match["Filename"]], fault


def _as_deployed(stack: Stack) -> str:
    """Return the template as JSON with its parameters as defaults: cfn-lint cannot read Copilot's params.json."""
    template = {**stack.template}
    parameters = {name: {**each} for name, each in (template.get("Parameters") or {}).items()}
    for name, parameter in parameters.items():
        if name in stack.parameters:
            parameter["Default"] = stack.parameters[name]
        if "AllowedValues" in parameter:
            # Copilot writes booleans, CloudFormation compares strings.
            allowed = [str(each).lower() if isinstance(each, bool) else each for each in parameter["AllowedValues"]]
            parameter["AllowedValues"] = allowed
    if parameters:
        template["Parameters"] = parameters
    return json.dumps(template, indent=1, default=str)


def _run(names: list[str]) -> list[dict[str, Any]]:
    if not names:
        return []
    command = [str(Path(sys.executable).parent / "cfn-lint"), "--regions", REGION, "--format", "json", "--", *names]
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    try:
        found: list[dict[str, Any]] = json.loads(done.stdout or "[]")
    except json.JSONDecodeError as fault:
        raise LinterFailed(f"cfn-lint failed: {(done.stderr or done.stdout)[-400:]}") from fault
    # A folder without a home or a registry makes it stop before it has looked at anything.
    if not found and done.returncode != 0:
        raise LinterFailed(f"cfn-lint failed: {done.stderr[-400:]}")
    return found


def _minded(match: dict[str, Any]) -> Fault | None:
    rule, path = match["Rule"]["Id"], [str(each) for each in match["Location"]["Path"] or []]
    resource = path[1] if path[:1] == ["Resources"] and len(path) > 1 else ""
    if (rule[0] != "E" and rule not in MINDED_WARNINGS) or (rule, resource) in ACCEPTED:
        return None
    return ".".join(path), f"cfn-lint {rule}: {match['Message']}"
