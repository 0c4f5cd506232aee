"""Finds places in tests that replace parts of our own code: such a test passes though the real code is broken."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = {"services", "portals", "shared", "tools", "loadtests", "tests"}
PATCHING_MODULES = {"unittest.mock", "mock", "pytest_mock"}
PATCHING_CALLS = {"setattr", "delattr", "patch"}


def patches(source: str, methods: frozenset[str]) -> list[str]:
    """
    Return each patch in a test's source as `line: what`, in the order of the lines.

    Found are imports of mock libraries, `monkeypatch.setattr` and `setattr` on imported code, and assignments to an
    attribute of an imported class or module of ours, or to an attribute that is one of our `methods`.
    """
    tree = ast.parse(source)
    parameters = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}  # an imported fixture is a value
    ours = set(_imported_names(tree)) - parameters
    found = [(getattr(node, "lineno", 0), what) for node in ast.walk(tree) for what in _patches_of(node, ours, methods)]
    return [f"{line}: {what}" for line, what in sorted(found)]


@cache
def our_methods() -> frozenset[str]:
    """Return the names of methods of our classes that no class of ours also uses for a value."""
    trees = [ast.parse(path.read_text("utf-8")) for folder in OURS for path in (ROOT / folder).rglob("*.py")]
    classes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    methods = {each.name for node in classes for each in node.body if isinstance(each, ast.FunctionDef)}
    return frozenset(methods - {value for node in classes for value in _values_of(node)})


def _patches_of(node: ast.AST, ours: set[str], methods: frozenset[str]) -> Iterator[str]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield from (f"imports {each}" for each in sorted(_modules_of(node) & PATCHING_MODULES))
    if isinstance(node, ast.Call):
        yield from _patching_call(node, ours)
    for target in _targets(node):
        is_replaced = _root(target) in ours or (_is_method(target, methods) and _may_be_function(node))
        if isinstance(target, ast.Attribute) and is_replaced:
            yield f"assigns {ast.unparse(target)}"


def _patching_call(call: ast.Call, ours: set[str]) -> Iterator[str]:
    if isinstance(call.func, ast.Attribute) and call.func.attr in PATCHING_CALLS and _root(call.func) == "monkeypatch":
        yield f"calls {ast.unparse(call.func)}"
    if isinstance(call.func, ast.Name) and call.func.id in {"setattr", "delattr"} and _root(call.args[0]) in ours:
        yield f"calls {call.func.id} on {ast.unparse(call.args[0])}"


def _is_method(target: ast.expr, methods: frozenset[str]) -> bool:
    return isinstance(target, ast.Attribute) and target.attr in methods and _root(target) not in {"self", "cls"}


def _may_be_function(node: ast.AST) -> bool:
    if isinstance(node, ast.AugAssign):
        return False
    return not isinstance(getattr(node, "value", None), ast.List | ast.Dict | ast.Tuple | ast.Set | ast.Constant)


def _targets(node: ast.AST) -> Iterable[ast.expr]:
    """Return the names, attributes and items that a statement writes or deletes."""
    if not isinstance(node, ast.Assign | ast.Delete | ast.AugAssign | ast.AnnAssign):
        return []
    parts = [each for each in ast.walk(node) if isinstance(each, ast.Attribute | ast.Name)]
    return [each for each in parts if isinstance(each.ctx, ast.Store | ast.Del)]


def _root(node: ast.expr) -> str:
    """Return the name with which a dotted expression begins, "" for any other expression."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _modules_of(node: ast.Import | ast.ImportFrom) -> set[str]:
    if isinstance(node, ast.Import):
        return {each.name for each in node.names}
    return {node.module or "", *(f"{node.module}.{each.name}" for each in node.names)}


def _imported_names(tree: ast.Module) -> Iterator[str]:
    """Return the names that this module's imports bind to modules, classes and functions of ours."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom) and {each.split(".")[0] for each in _modules_of(node)} & OURS:
            yield from (each.asname or each.name.split(".")[0] for each in node.names)


def _values_of(node: ast.ClassDef) -> Iterator[str]:
    """Return the names that a class gives to values: in its body, or as `self.name = …` in its methods."""
    for each in ast.walk(node):
        for target in _targets(each):
            if isinstance(target, ast.Name):
                yield target.id
            elif isinstance(target, ast.Attribute) and _root(target) == "self":
                yield target.attr
