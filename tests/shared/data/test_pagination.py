"""Pages: every document once, also with writes in between; malformed cursors are refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.base.errors import CursorInvalid
from shared.data.pagination import decode_cursor, encode_cursor, page
from shared.data.persistence import DatabaseHandle
from tests.shared.toys import Note

SORT = [("created_at", -1, datetime), ("_id", -1, str)]


def write_notes(count: int) -> list[str]:
    """Write notes, three for each time; return their ids, newest first."""
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    rows = [{"_id": f"note_{n:03}", "created_at": moment + timedelta(seconds=n // 3)} for n in range(count)]
    Note.collection().insert_many(rows)
    return [str(row["_id"]) for row in reversed(rows)]


class TestPage:
    def test_returns_every_document_once(self, database: DatabaseHandle):
        expected = write_notes(23)

        walked, cursor = [], None
        while True:
            found = page(Note.collection(), {}, sort=SORT, cursor=cursor, limit=5)
            walked += [each["_id"] for each in found.items]
            cursor = found.next_cursor
            if cursor is None:
                break
        assert walked == expected

    def test_does_not_shift_when_a_newer_document_is_written(self, database: DatabaseHandle):
        expected = write_notes(10)
        first = page(Note.collection(), {}, sort=SORT, cursor=None, limit=5)
        Note.collection().insert_one({"_id": "note_999", "created_at": datetime(2027, 1, 1, tzinfo=UTC)})

        second = page(Note.collection(), {}, sort=SORT, cursor=first.next_cursor, limit=5)
        assert [each["_id"] for each in first.items + second.items] == expected

    def test_ends_exactly_at_the_last_document(self, database: DatabaseHandle):
        write_notes(5)

        assert page(Note.collection(), {}, sort=SORT, cursor=None, limit=5).next_cursor is None


class TestCursor:
    @pytest.mark.parametrize(
        "cursor",
        [
            "",
            "!!!",
            "bm9uc2Vuc2U",
            encode_cursor(["2026-01-01"]),
            encode_cursor([1, 2]),
            encode_cursor([{"$gt": ""}, "a"]),
        ],
    )
    def test_is_refused_when_malformed(self, cursor):
        with pytest.raises(CursorInvalid) as refusal:
            decode_cursor(cursor, kinds=[datetime, str])
        assert refusal.value.errors[0].pointer == "/cursor"
