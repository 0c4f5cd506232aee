"""Pages: every document once, forward and back, also with writes in between; other lists' cursors are refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.base.clock import now
from shared.base.errors import CursorInvalid
from shared.base.pages import ChangesRequest, PageRequest
from shared.data import pagination
from shared.data.pagination import (
    Page,
    Place,
    changes_page,
    decode_cursor,
    encode_cursor,
    list_key,
    page,
)
from shared.data.persistence import DatabaseHandle
from tests.shared.toys import Note

SORT = [("created_at", -1, datetime), ("_id", -1, str)]
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def write_notes(count: int) -> list[str]:
    """Write notes, three for each time; return their ids, newest first."""
    rows = [{"_id": f"note_{n:03}", "created_at": MOMENT + timedelta(seconds=n // 3)} for n in range(count)]
    Note.collection().insert_many(rows)
    return [str(row["_id"]) for row in reversed(rows)]


def read(cursor: str | None = None, *, limit: int = 5, **options: Any) -> Page[dict[str, Any]]:
    return page(Note.collection(), {}, PageRequest(cursor=cursor, limit=limit, **options), sort=SORT)


def ids(found: Page[dict[str, Any]]) -> list[str]:
    return [each["_id"] for each in found.items]


class TestPage:
    def test_returns_every_document_once(self, database: DatabaseHandle):
        expected = write_notes(23)

        walked, cursor = [], None
        while True:
            found = read(cursor)
            walked += ids(found)
            cursor = found.next_cursor
            if cursor is None:
                break
        assert walked == expected

    def test_does_not_shift_when_a_newer_document_is_written(self, database: DatabaseHandle):
        expected = write_notes(10)
        first = read()
        Note.collection().insert_one({"_id": "note_999", "created_at": datetime(2027, 1, 1, tzinfo=UTC)})

        assert ids(first) + ids(read(first.next_cursor)) == expected

    def test_ends_exactly_at_the_last_document(self, database: DatabaseHandle):
        write_notes(5)

        assert read().next_cursor is None

    def test_returns_what_was_read_before_on_the_way_back(self, database: DatabaseHandle):
        write_notes(23)
        pages = [read()]
        while pages[-1].next_cursor:
            pages.append(read(pages[-1].next_cursor))

        back = [pages[-1]]
        while back[-1].previous_cursor:
            back.append(read(back[-1].previous_cursor))

        assert [ids(each) for each in back[::-1]] == [ids(each) for each in pages]
        assert [each.position for each in back[::-1]] == [each.position for each in pages] == [1, 6, 11, 16, 21]
        assert back[-1].next_cursor == pages[0].next_cursor

    def test_is_a_whole_first_page_when_documents_were_deleted_before_it(self, database: DatabaseHandle):
        expected = write_notes(12)
        second = read(read().next_cursor)
        Note.collection().delete_many({"_id": {"$in": expected[:3]}})

        first = read(second.previous_cursor)

        assert (ids(first), first.position, first.previous_cursor) == (expected[3:8], 1, None)

    def test_counts_when_it_is_asked_to(self, database: DatabaseHandle):
        write_notes(7)

        assert (read().total, read().is_total_exact) == (None, None)
        assert (read(with_total=True).total, read(with_total=True).is_total_exact) == (7, True)

    def test_counts_no_further_than_it_says(self, database: DatabaseHandle):
        Note.collection().insert_many({"created_at": MOMENT} for _ in range(pagination.MOST_COUNTED + 1))

        found = page(Note.collection(), {}, PageRequest(with_total=True), sort=[("created_at", 1, datetime)])

        assert (found.total, found.is_total_exact) == (pagination.MOST_COUNTED, False)


class TestChanges:
    @pytest.fixture
    def change(self, database: DatabaseHandle) -> Callable[..., None]:
        def write(note_id: str, moment: datetime) -> None:
            Note.collection().update_one({"_id": note_id}, {"$set": {"updated_at": moment}}, upsert=True)

        return write

    def changes(self, **wanted: Any) -> Page[dict[str, Any]]:
        return changes_page(Note.collection(), {}, ChangesRequest(**wanted))

    def test_include_the_moment_itself_and_come_in_their_order(self, change):
        change("note_b", MOMENT + timedelta(seconds=1))
        change("note_a", MOMENT)
        change("note_c", MOMENT - timedelta(milliseconds=1))

        assert ids(self.changes(updated_after=MOMENT)) == ["note_a", "note_b"]

    def test_at_one_moment_are_all_listed(self, change):
        for number in range(7):
            change(f"note_{number}", MOMENT)
        walked: list[str] = []
        cursor = None
        while not walked or cursor:
            found = self.changes(updated_after=MOMENT, cursor=cursor, limit=2)
            walked += ids(found)
            cursor = found.next_cursor

        assert walked == [f"note_{number}" for number in range(7)]

    def test_while_the_pages_are_read_are_listed_again_at_the_end(self, change):
        for number in range(4):
            change(f"note_{number}", MOMENT + timedelta(seconds=number))
        first = self.changes(updated_after=MOMENT, limit=2)
        change("note_0", MOMENT + timedelta(minutes=1))
        change("note_3", MOMENT + timedelta(minutes=2))

        rest = self.changes(updated_after=MOMENT, limit=9, cursor=first.next_cursor)

        assert ids(first) + ids(rest) == ["note_0", "note_1", "note_2", "note_0", "note_3"]

    def test_written_by_a_slow_writer_are_in_the_next_run(self, change, hold_clock):
        hold_clock(MOMENT)
        change("note_a", MOMENT)
        run = self.changes(updated_after=MOMENT - timedelta(hours=1))
        change("note_late", MOMENT - timedelta(seconds=20))

        assert run.updated_until is not None
        assert ids(self.changes(updated_after=run.updated_until)) == ["note_late", "note_a"]
        assert run.updated_until < now()


class TestCursor:
    KEY = list_key("notes", {})

    @pytest.mark.parametrize(
        "cursor",
        [
            "",
            "!!!",
            "bm9uc2Vuc2U",
            "e30",
            encode_cursor(KEY, Place(1, ["2026-01-01"])),
            encode_cursor(KEY, Place(1, [1, 2])),
            encode_cursor(KEY, Place(0, ["2026-01-01", "a"])),
            encode_cursor(KEY, Place(1, [{"$gt": ""}, "a"])),
            encode_cursor(list_key("notes", {"text": "a"}), Place(1, ["2026-01-01", "a"])),
        ],
    )
    def test_is_refused_when_malformed_or_of_another_list(self, cursor):
        with pytest.raises(CursorInvalid) as refusal:
            decode_cursor(cursor, self.KEY, kinds=[datetime, str])
        assert refusal.value.errors[0].pointer == "/cursor"

    def test_of_the_same_list_is_read(self):
        place = Place(21, ["2026-01-01T00:00:00+00:00", "a"], is_backward=True)

        found = decode_cursor(encode_cursor(self.KEY, place), self.KEY, kinds=[datetime, str])

        assert found == Place(21, [MOMENT, "a"], is_backward=True)
