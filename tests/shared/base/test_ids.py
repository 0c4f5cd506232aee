"""Ids sort by their time, and the first id of a moment bounds those made since."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from shared.base.ids import first_id_at, new_id


class TestFirstIdAt:
    def test_is_not_above_an_id_made_at_or_after_the_moment(self):
        before = datetime.now(UTC)
        made = new_id("ord")

        assert first_id_at("ord", before) <= made < first_id_at("ord", datetime.now(UTC) + timedelta(milliseconds=1))

    def test_is_an_id_of_its_own_kind(self):
        assert len(first_id_at("ord", datetime.now(UTC))) == len(new_id("ord"))
        assert first_id_at("cur", datetime(2026, 1, 1, tzinfo=UTC)).startswith("cur_")
