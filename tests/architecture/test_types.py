"""Documents have types: mypy finds what an order does not have (docs/adr/0021)."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FAULTY = Path(__file__).with_name("faulty_documents.py.txt")


def lines_with_errors(source: str) -> list[int]:
    """Return the line of each error that mypy finds in a source, by the project's own configuration and cache."""
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "-c", source], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert checked.returncode == 1, checked.stdout + checked.stderr
    return [int(line) for line in re.findall(r"^<string>:(\d+): error: ", checked.stdout, re.MULTILINE)]


def test_mypy_finds_unknown_attributes_unknown_methods_and_wrong_types_of_documents():
    source = FAULTY.read_text(encoding="utf-8")
    faults = [number for number, line in enumerate(source.splitlines(), 1) if line.endswith("# fault")]

    assert len(faults) == 3
    assert lines_with_errors(source) == faults
