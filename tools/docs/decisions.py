"""The list of decisions, from the first lines of their files."""

from __future__ import annotations

import re
from pathlib import Path

HEAD = re.compile(r"# (\d+)\. (.+)\n\nDate: (\d{4}-\d\d-\d\d)\. Status: (.+)\.\n")


class DecisionUnreadable(ValueError):
    """A decision does not begin with its number, title, date and status."""


def list_decisions(folder: Path) -> str:
    """Return one row per decision: number, title, date, status."""
    rows = [_row(path) for path in sorted(folder.glob("[0-9]*.md"))]
    return "\n".join(["| | decision | date | status |", "|---|---|---|---|", *rows]) + "\n"


def _row(path: Path) -> str:
    head = HEAD.match(path.read_text(encoding="utf-8"))
    if head is None:
        raise DecisionUnreadable(
            f"{path.name} does not begin with `# N. Title`, an empty line, and `Date: YYYY-MM-DD. Status: accepted.`"
        )
    number, title, date, status = head.groups()
    return f"| {number} | [{title}]({path.name}) | {date} | {status} |"
