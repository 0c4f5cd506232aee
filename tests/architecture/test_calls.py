"""The calls between workloads form no cycle, and each call is in the table."""

from __future__ import annotations

import ast
from pathlib import Path

from shared.base.workloads import BY_NAME, SERVICES, WORKLOADS

ROOT = Path(__file__).parents[2]


class TestCalls:
    def test_form_no_cycle(self):
        def walk(name: str, above: tuple[str, ...]) -> None:
            assert name not in above, " -> ".join((*above, name))
            for upstream in BY_NAME[name].calls:
                walk(upstream, (*above, name))

        for service in SERVICES:
            walk(service, ())

    def test_are_only_those_of_the_table(self):
        for service in SERVICES[1:]:
            called = set()
            for path in (ROOT / "services" / service).rglob("clients*/**/*.py"):
                called |= _services_named(path)
            clients = ROOT / "services" / service / "clients.py"
            if clients.exists():
                called |= _services_named(clients)
            assert called <= set(BY_NAME[service].calls), service

    def test_ports_are_used_once(self):
        ports = [each.port for each in WORKLOADS if each.port]
        assert len(ports) == len(set(ports))


def _services_named(path: Path) -> set[str]:
    """Return the values of `service = "…"` in the classes of a clients module."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef):
            for statement in node.body:
                if isinstance(statement, ast.Assign) and getattr(statement.targets[0], "id", "") == "service":
                    found.add(ast.literal_eval(statement.value))
    return found & set(SERVICES)
