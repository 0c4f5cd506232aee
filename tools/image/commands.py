"""What the manifests of copilot/ have the image run, and how each command is tried without its work being done."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path

import yaml

from shared.base.workloads import WORKLOADS, Kind
from tools.image.engine import ROOT
from tools.image.refusal import ImageRefused

Command = tuple[str, ...]
GUNICORN = ("gunicorn", "-c", "python:shared.web.gunicorn")
LAPTOP_ONLY = {"mailbox", "scheduler"}
# Its `__main__` too: by our habit it does nothing unless it is run.
WHOLE_PACKAGE = """import importlib, pkgutil, {module} as package
for each in pkgutil.walk_packages(package.__path__, package.__name__ + "."): importlib.import_module(each.name)"""
MODULES = {"shared.events.worker": ("app", "handlers"), "shared.events.jobs": ("app", "jobs")}


def commands() -> dict[str, Command]:
    """Return the command of every workload: the manifests' own, and before there are any those of the table."""
    manifests = sorted((ROOT / "copilot").glob("*/manifest.yml"))
    return dict(map(command_of, manifests)) if manifests else dict(_from_table())


def command_of(manifest: Path) -> tuple[str, Command]:
    """Return a manifest's name and command; raise ImageRefused when it leaves the command to the image."""
    content = yaml.safe_load(manifest.read_text())
    command = content.get("command") or content.get("image", {}).get("command")
    if not command:
        raise ImageRefused(f"{manifest.relative_to(ROOT)} has no `command`: the image has none of its own to offer.")
    return content["name"], tuple(shlex.split(command) if isinstance(command, str) else command)


def trial_of(command: Command) -> Command:
    """Return a command that loads all a workload's command loads, and ends; raise ImageRefused for an unknown kind."""
    if command[0] == "gunicorn":
        return (command[0], "--check-config", *command[1:])
    if command[:2] != ("python", "-m") or len(command) < 3:
        raise ImageRefused(f"`{shlex.join(command)}` starts neither gunicorn nor `python -m <module>`.")
    module, rest = command[2], command[3:]
    if module not in MODULES:
        return ("python", "-c", WHOLE_PACKAGE.format(module=module))
    lines = [f"import {module}", *(f"import {rest[0]}.{part}" for part in MODULES[module])]
    if len(rest) > 1:
        lines.append(f"{rest[0]}.jobs.{rest[1]}.enqueue")
    return ("python", "-c", "; ".join(lines))


def trials(of: Iterable[Command]) -> list[Command]:
    """Return the trials without repetition, in order."""
    return list(dict.fromkeys(map(trial_of, of)))


def _from_table() -> Iterable[tuple[str, Command]]:
    for workload in WORKLOADS:
        if workload.name in LAPTOP_ONLY:
            continue
        if workload.kind is Kind.WEB:
            yield workload.name, (*GUNICORN, f"{workload.package}.app:create_app()")
        else:
            yield workload.name, ("python", "-m", f"shared.events.{workload.kind}", workload.package)
