"""Permissions that routes require and permissions that roles hold are the same set."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from services.users.people.rules import DEFAULT_ROLES
from tests.architecture.test_routes import PROTECTED, permissions

ROOT = Path(__file__).parents[2]
DECLARED_IN = ROOT / "services/users/people/rules.py"
PERMISSION = re.compile(r"[a-z]+:[a-z_]+(:any)?")
HELD = {permission.removesuffix(":any") for role in DEFAULT_ROLES.values() for permission in role}


def named_in_code() -> set[str]:
    """Return the permissions that stand as texts in services and portals, outside the table of roles."""
    files = [path for folder in ("services", "portals") for path in (ROOT / folder).rglob("*.py")]
    nodes = (node for path in files if path != DECLARED_IN for node in ast.walk(ast.parse(path.read_text("utf-8"))))
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {text.removesuffix(":any") for text in texts if PERMISSION.fullmatch(text)}


@pytest.mark.parametrize("service", PROTECTED)
def test_every_permission_a_route_requires_is_held_by_a_default_role(service, make_app):
    required = {permission for _, _, permission in permissions(service, make_app) if permission}
    assert required - {"public", "signed-in", "internal"} - HELD == set()


def test_every_permission_of_a_default_role_is_required_somewhere():
    assert HELD - named_in_code() == set()


def test_every_permission_in_code_is_held_by_a_default_role():
    assert named_in_code() - HELD == set()
