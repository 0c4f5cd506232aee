"""The pages of docs/ that are made from the code are as the code is, and their examples are events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import msgspec
import pytest

from shared.data.events import Event
from tools.docs.decisions import DecisionUnreadable, list_decisions
from tools.docs.events import FieldUndescribed, chapter, events, example_of
from tools.docs.pages import DOCS, PAGES, renewed


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.path.relative_to(DOCS)))
def test_the_page_is_up_to_date(page):
    assert page.path.read_text(encoding="utf-8") == renewed(page), "run: make docs"


@pytest.mark.parametrize("event", events(), ids=lambda event: event.name)
def test_the_example_is_an_event(event):
    example = example_of(event)

    assert msgspec.to_builtins(event.from_fields(example)) == example


@dataclass(frozen=True)
class Undescribed(Event):
    """An event whose field has no text."""

    name: ClassVar[str] = "orders.undescribed.v1"
    order_id: str


@dataclass(frozen=True)
class WithoutExample(Event):
    """An event whose field has a text and no example."""

    name: ClassVar[str] = "orders.without_example.v1"
    order_id: Annotated[str, msgspec.Meta(description="Id of the order.")]


@pytest.mark.parametrize("event", [Undescribed, WithoutExample])
def test_a_field_without_a_description_or_an_example_is_refused(event):
    with pytest.raises(FieldUndescribed):
        chapter(event)


@pytest.mark.parametrize(
    "text", ["# 1. A title\n\n**Context.** …\n", "# A title\n\nDate: 2026-11-29. Status: accepted.\n"]
)
def test_a_decision_without_its_number_date_or_status_is_refused(tmp_path, text):
    (tmp_path / "0001-a-title.md").write_text(text, encoding="utf-8")

    with pytest.raises(DecisionUnreadable, match=r"0001-a-title\.md does not begin"):
        list_decisions(tmp_path)
