"""Every third-party package that our code imports is declared in requirements/, not only installed by another."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable
from functools import cache
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OWN = {"services", "portals", "shared", "tools", "loadtests", "tests"}
# Stubs of the type checker, never imported at run time, and the client that `make clients` generates.
UNINSTALLED = {"_typeshed", "tradepost_client"}
PLATFORM = ("runtime",)
ANY = ("runtime", "dev", "local", "image")


@pytest.mark.parametrize(
    ("folder", "files"),
    [
        ("services", PLATFORM),
        ("portals", PLATFORM),
        ("shared", PLATFORM),
        ("tools", ANY),
        ("loadtests", ANY),
        ("tests", ANY),
    ],
)
def test_imported_packages_are_declared(folder: str, files: tuple[str, ...]):
    declared = {_normal(name) for file in files for name in _declared(file)}
    imported = {module: _distributions_of(module) for module in _imported(folder)}
    undeclared = {
        f"{module} of {', '.join(names) or 'no installed package'}"
        for module, names in imported.items()
        if declared.isdisjoint(map(_normal, names))
    }

    assert undeclared == set()


def _imported(folder: str) -> set[str]:
    """Return the third-party modules imported below `folder`, with their full names."""
    sources = (ROOT / folder).rglob("*.py")
    modules = {name for path in sources for name in _imports_of(ast.parse(path.read_text(encoding="utf-8")))}
    return {each for each in modules if each.split(".")[0] not in OWN | UNINSTALLED | sys.stdlib_module_names}


def _imports_of(tree: ast.Module) -> Iterable[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def _distributions_of(module: str) -> list[str]:
    """Return the distributions that may provide `module`; in a namespace package those that hold its file."""
    candidates = _distributions().get(module.split(".")[0], [])
    if len(candidates) < 2:
        return candidates
    path = module.replace(".", "/")
    return [each for each in candidates if _files_of(each) & {f"{path}.py", f"{path}/__init__.py"}]


@cache
def _distributions() -> dict[str, list[str]]:
    return {module: sorted(set(names)) for module, names in packages_distributions().items()}


@cache
def _files_of(name: str) -> frozenset[str]:
    return frozenset(path.as_posix() for path in distribution(name).files or [])


@cache
def _declared(file: str) -> frozenset[str]:
    """Return the packages of one .in file, without extras and versions."""
    lines = (ROOT / f"requirements/{file}.in").read_text(encoding="utf-8").splitlines()
    return frozenset(re.split(r"[\[=<>~ ;]", line)[0] for line in lines if line and line[0] not in "#-")


def _normal(name: str) -> str:
    """Return the name as PyPI compares names (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
