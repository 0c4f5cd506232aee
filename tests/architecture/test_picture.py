"""The picture in docs/ shows the tables as they are."""

from __future__ import annotations

from tools import picture


def test_picture_is_drawn_from_the_present_tables():
    assert picture.TARGET.read_text(encoding="utf-8") == picture.draw(), "run: make picture"
