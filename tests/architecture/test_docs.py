"""What the documents name is there: links, files, `make` targets, modules, settings, metrics, packages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from shared.base.version import VERSION

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / ".github").rglob("*.md"),
        *(ROOT / "services").glob("*/README.md"),
    ],
)
SOURCES = ("services", "portals", "shared", "tools", "copilot", "deploy", "tests/journeys", "Makefile")
TEXT = {".py", ".yml", ".sh", ""}

CODE = re.compile(r"`([^`\n]+)`")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)[^)]*\)")
PLACE = re.compile(r"(?:services|portals|shared|tools|tests|loadtests|docs|copilot|deploy|requirements|\.ci)/[\w./-]*")
SETTING = re.compile(r"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?:[=:]\s?\S+)?")
TARGET = re.compile(r"(?:^|`|&& )make((?: +[a-z][a-z-]*)+)", re.MULTILINE)
MODULE = re.compile(r"python3? -m ([\w.]+)")
METRIC = re.compile(r"\b(?:counter|gauge|histogram)\(\s*\"(\w+)\"")
LOCKED = re.compile(r"^([\w.-]+)==", re.MULTILINE)


def documents() -> Iterator[tuple[Path, str]]:
    for path in DOCUMENTS:
        yield path, path.read_text(encoding="utf-8")


def words_of_code() -> Iterator[tuple[str, str]]:
    """Yield (document, text between backticks), blocks of commands left out."""
    for path, text in documents():
        for word in CODE.findall(FENCE.sub("", text)):
            yield str(path.relative_to(ROOT)), word


def makefile_targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


@pytest.fixture(scope="module")
def source() -> str:
    files = [each for name in SOURCES for each in [ROOT / name, *(ROOT / name).rglob("*")]]
    return "\n".join(each.read_text(encoding="utf-8") for each in files if each.is_file() and each.suffix in TEXT)


def test_links_lead_somewhere():
    broken = [
        f"{path.relative_to(ROOT)}: {link}"
        for path, text in documents()
        for link in LINK.findall(text)
        if not (path.parent / link).exists()
    ]
    assert broken == []


def test_files_are_there():
    missing = [
        f"{document}: {word}"
        for document, word in words_of_code()
        if PLACE.fullmatch(word) and not (ROOT / word).exists()
    ]
    assert missing == []


def test_make_knows_the_targets():
    targets = makefile_targets()
    unknown = [
        f"{path.relative_to(ROOT)}: make {target}"
        for path, text in documents()
        for found in TARGET.findall("\n".join([*FENCE.findall(text), *(f"`{each}" for each in CODE.findall(text))]))
        for target in found.split()
        if target not in targets
    ]
    assert unknown == []


def test_modules_can_be_run():
    unknown = [
        f"{document}: {module}"
        for document, word in words_of_code()
        for module in MODULE.findall(word)
        if find_spec(module) is None
    ]
    assert unknown == []


def test_settings_are_read_somewhere(source):
    unread = [
        f"{document}: {word}"
        for document, word in words_of_code()
        if (found := SETTING.fullmatch(word)) and not re.search(rf"\b{found[1]}\b", source, re.IGNORECASE)
    ]
    assert unread == []


def test_metrics_are_those_of_the_code(source):
    listed = re.findall(r"^\| `(\w+)`", (ROOT / "docs/metrics.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(METRIC.findall(source))


def test_licences_are_named_for_all_that_runs():
    """A package counts as named by its family too: "opentelemetry" stands for all of OpenTelemetry's."""
    table = (ROOT / "THIRD_PARTY.md").read_text(encoding="utf-8").split("## Python packages")[1]
    named = [word.lower() for word in re.findall(r"[A-Za-z][\w.-]+", table)]
    locked = LOCKED.findall((ROOT / "requirements/runtime.txt").read_text(encoding="utf-8"))
    assert [
        name for name in locked if not any(name.lower() == each or name.startswith(f"{each}-") for each in named)
    ] == []


def test_the_version_has_its_chapter_in_the_changelog():
    chapters = re.findall(r"^## (\S+)(?: \((\d{4}-\d\d-\d\d)\))?$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)

    assert chapters[0] == ("Unreleased", "")
    assert chapters[1][0] == VERSION
    assert chapters[1][1]


def test_no_two_decisions_have_one_number():
    numbers = Counter(path.name[:4] for path in (ROOT / "docs" / "adr").glob("*.md"))

    assert [number for number, count in numbers.items() if count > 1] == []
