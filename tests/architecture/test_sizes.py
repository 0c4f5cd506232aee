"""Files and functions stay small: one place counts them all."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ("services", "portals", "shared", "loadtests", "tools")
MODULE_LINES = 300
FUNCTION_LINES = 40
TEST_LINES = 400
CONFTEST_LINES = 120
TEMPLATE_LINES = 60
README_LINES = 40
BANNED = {"utils", "util", "helpers", "helper", "manager", "managers", "process", "handle", "data", "info", "misc"}


def python_files(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def too_long(paths: Iterator[Path] | list[Path], limit: int) -> list[str]:
    return [f"{path.relative_to(ROOT)}: {lines(path)} lines" for path in paths if lines(path) > limit]


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines of a function without its docstring: what it promises may take the room it needs."""
    docstring = node.body[0].end_lineno - node.body[0].lineno + 1 if ast.get_docstring(node) else 0  # type: ignore[operator]
    return (node.end_lineno or 0) - node.lineno + 1 - docstring


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


class TestSizes:
    def test_modules(self):
        assert too_long(python_files(*SOURCES), MODULE_LINES) == []

    def test_stubs(self):
        assert too_long(sorted((ROOT / "stubs").rglob("*.pyi")), MODULE_LINES) == []

    def test_test_modules(self):
        tests = [path for path in python_files("tests") if path.name != "conftest.py"]
        assert too_long(tests, TEST_LINES) == []

    def test_conftests(self):
        assert too_long(sorted((ROOT / "tests").rglob("conftest.py")), CONFTEST_LINES) == []

    def test_templates(self):
        assert too_long([path for folder in SOURCES for path in (ROOT / folder).rglob("*.html")], TEMPLATE_LINES) == []

    def test_readmes_of_services(self):
        assert too_long(sorted((ROOT / "services").glob("*/README.md")), README_LINES) == []

    def test_functions(self):
        found = [
            f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {body_lines(node)} lines"
            for path in python_files(*SOURCES)
            for node in functions(path)
            if body_lines(node) > FUNCTION_LINES
        ]
        assert found == []


class TestWords:
    def test_every_module_says_what_lives_in_it(self):
        silent = [
            str(path.relative_to(ROOT))
            for path in python_files(*SOURCES, "tests")
            if lines(path) and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        ]
        assert silent == []

    @pytest.mark.parametrize("folder", SOURCES)
    def test_no_module_has_a_name_that_says_nothing(self, folder):
        assert [str(path) for path in (ROOT / folder).rglob("*.py") if path.stem in BANNED] == []
