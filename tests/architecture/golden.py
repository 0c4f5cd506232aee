"""
What other programs rely on, pinned in files: every event's JSON Schema, and every problem's type, title and status.

`python -m tests.architecture.golden` writes the files anew from the code; the diff is what a reviewer looks at.
"""

from __future__ import annotations

import json
import pkgutil
from collections import defaultdict
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

import portals
import services
import shared
from shared.base.errors import Problem
from tools.docs.events import events

HERE = Path(__file__).parent
EVENTS_FILE = HERE / "golden_events.json"
PROBLEMS_FILE = HERE / "golden_problems.json"
RENEW = "If the change is meant, run `.tradepost/venv/bin/python -m tests.architecture.golden` and commit the diff."

Golden = dict[str, Any]


def event_schemas() -> Golden:
    """Return the JSON Schema of each event's fields, by event name, without prose."""
    return {event.name: _without_prose(msgspec.json.schema(event)) for event in events()}


def problems() -> Golden:
    """Return {owner: {type: {"status", "title"}}} of every Problem; the owner is a service, `shared` or `portals`."""
    found: Golden = defaultdict(dict)
    for kind in problem_kinds():
        type_ = str(Problem.type.fget(kind.__new__(kind)))  # type: ignore[attr-defined]
        facts = {"status": kind.status, "title": kind.title}
        assert found[_owner(kind)].setdefault(type_, facts) == facts, f"{type_} is two problems of {_owner(kind)}"
    return dict(found)


def problem_kinds() -> list[type[Problem]]:
    """Return every problem class of the product."""
    for package in (services, shared, portals):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            import_module(module.name)
    return _kinds_below(Problem)


def written(golden: Golden) -> str:
    return json.dumps(golden, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def read(path: Path) -> Golden:
    golden: Golden = json.loads(path.read_text(encoding="utf-8"))
    return golden


def _kinds_below(base: type[Problem]) -> list[type[Problem]]:
    """Return every subclass of the product, at any depth; the tests' own are left out."""
    ours = [
        each for each in base.__subclasses__() if each.__module__.split(".")[0] in {"services", "shared", "portals"}
    ]
    return [each for kind in ours for each in (kind, *_kinds_below(kind))]


def _owner(kind: type[Problem]) -> str:
    package, part = kind.__module__.split(".")[:2]
    return part if package == "services" else package


def _without_prose(schema: Any) -> Any:
    """Return a schema without titles, descriptions and examples, which no program reads."""
    if isinstance(schema, list):
        return [_without_prose(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    prose = {name for name in ("title", "description") if isinstance(schema.get(name), str)}
    prose |= {"examples"} if isinstance(schema.get("examples"), list) else set()
    return {name: _without_prose(value) for name, value in schema.items() if name not in prose}


if __name__ == "__main__":
    EVENTS_FILE.write_text(written(event_schemas()), encoding="utf-8")
    PROBLEMS_FILE.write_text(written(problems()), encoding="utf-8")
