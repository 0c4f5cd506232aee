"""Areas: the furniture of each room, and what one area may use of another."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FURNITURE = {"__init__", "rules", "documents", "operations", "saga", "routes", "schemas", "examples"}
PRIVATE = {"operations", "saga", "routes"}
# Packages of adapters and of machinery, which are no areas.
NO_AREAS = {"clients"}
# Services that keep their shape until they grow (docs/adr/0020).
WITHOUT_AREAS = {"gateway", "search", "notifications"}


def areas() -> list[Path]:
    return [
        folder
        for service in sorted((ROOT / "services").iterdir())
        if service.is_dir() and service.name not in WITHOUT_AREAS
        for folder in sorted(service.iterdir())
        if (folder / "__init__.py").exists() and folder.name not in NO_AREAS
    ]


def imported(module: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return names


def reaches_into(module: Path, area: Path) -> list[str]:
    """Return the imports of another area's operations, saga or routes; its schemas may be used to answer."""
    service = f"services.{area.parent.name}"
    others = {each.name for each in areas() if each.parent == area.parent} - {area.name}
    return sorted(
        name for name in imported(module) for other in others for part in PRIVATE if name == f"{service}.{other}.{part}"
    )


@pytest.mark.parametrize("area", areas(), ids=lambda area: f"{area.parent.name}/{area.name}")
class TestAreas:
    def test_have_the_same_furniture(self, area):
        assert {each.stem for each in area.glob("*.py")} <= FURNITURE
        assert [each.name for each in area.iterdir() if each.is_dir() and each.name != "__pycache__"] == []

    def test_use_documents_rules_and_schemas_of_other_areas_only(self, area):
        assert [name for module in area.glob("*.py") for name in reaches_into(module, area)] == []
