"""The pages that are made from the code, and where in each the generated part begins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tools.docs.decisions import list_decisions
from tools.docs.events import describe_events

DOCS = Path(__file__).parents[2] / "docs"
MARK = "<!-- What follows is written by `make docs`. -->\n"


@dataclass(frozen=True)
class Page:
    """A page whose text after MARK is the result of `make`."""

    path: Path
    make: Callable[[], str]


PAGES = (
    Page(DOCS / "events.md", describe_events),
    Page(DOCS / "adr" / "README.md", lambda: list_decisions(DOCS / "adr")),
)


def renewed(page: Page) -> str:
    """Return the page as it should be: its own words, and the generated part anew."""
    head, mark, _ = page.path.read_text(encoding="utf-8").partition(MARK)
    if not mark:
        raise ValueError(f"{page.path} lacks the line {MARK!r}")
    return head + MARK + "\n" + page.make()
