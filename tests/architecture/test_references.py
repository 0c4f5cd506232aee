"""What comments, docstrings and documents cite is in the repository: files, folders and decisions."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = (
    "services",
    "portals",
    "shared",
    "tools",
    "tests",
    "loadtests",
    "docs",
    "copilot",
    "deploy",
    "requirements",
    ".ci",
    ".github",
    "stubs",
)
TEXT = {".md", ".yml", ".yaml", ".sh", ".toml", ".in", ".js", ".css", ".html", ".json"}
GENERATED = {"golden_problems.json", "golden_events.json"}

PATH = re.compile(rf"(?<![\w./:@-])(?:{'|'.join(map(re.escape, FOLDERS))})/[\w./-]*\w")
DOCUMENT = re.compile(r"(?<![\w./:@-])[\w./-]*\w\.md\b")
DECISION = re.compile(r"(?:docs/adr/|\bADR )(\d+)")
# Documents and threads that only their authors have.
ELSEWHERE = re.compile(
    r"\b[Ii]ssues? \d+\b|§ ?\d|\bSTYLE(?:\.md)?, section|\b(?:STYLE|HOUSE|MEASURED|PROMISES|FIELD|ARCHITECTURE)\.md\b"
)


def prose_of(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line, text) of what people read in a file: comments and docstrings of Python, all of the others."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        yield from enumerate(text.splitlines(), 1)
        return
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            docstring = ast.get_docstring(node, clean=False)
            first = node.body[0].lineno if docstring else 0
            yield from enumerate((docstring or "").splitlines(), first)


def files() -> list[Path]:
    below = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file()]
    found = [
        path
        for path in [*ROOT.glob("*"), *below]
        if path.suffix in TEXT | {".py"} or path.name in ("Makefile", "Dockerfile", "run")
    ]
    return sorted(
        path for path in found if path.is_file() and "node_modules" not in path.parts and path.name not in GENERATED
    )


@pytest.fixture(scope="module")
def prose() -> list[tuple[Path, int, str]]:
    return [(path, line, text) for path in files() for line, text in prose_of(path)]


def decisions() -> set[int]:
    return {int(path.name[:4]) for path in (ROOT / "docs" / "adr").glob("[0-9]*.md")}


def is_there(path: Path, cited: str) -> bool:
    """Return whether the citing file or the repository has it; `docs/adr/0003` stands for that number's file."""
    near = (path.parent, ROOT, ROOT / "docs")
    return any((folder / cited).exists() or list(folder.glob(f"{cited}[-.]*")) for folder in near)


def test_cited_files_are_there(prose):
    missing = [
        f"{path.relative_to(ROOT)}:{line}: {cited}"
        for path, line, text in prose
        for cited in [*PATH.findall(text), *DOCUMENT.findall(text)]
        if not is_there(path, cited)
    ]
    assert missing == []


def test_cited_decisions_are_there(prose):
    known = decisions()
    missing = [
        f"{path.relative_to(ROOT)}:{line}: {number}"
        for path, line, text in prose
        for number in DECISION.findall(text)
        if int(number) not in known
    ]
    assert missing == []


def test_no_document_is_cited_that_only_its_author_has(prose):
    cited = [
        f"{path.relative_to(ROOT)}:{line}: {found[0]}"
        for path, line, text in prose
        if (found := ELSEWHERE.search(text))
    ]
    assert cited == []
