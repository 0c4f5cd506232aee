"""Aggregates: atomic writes, version conflicts, and documents of other companies not found."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from pymongo import DeleteOne, InsertOne, UpdateOne
from pymongo.errors import AutoReconnect, BulkWriteError

from shared.base import deadline
from shared.base.errors import NotFound, Unavailable, VersionConflict
from shared.data.persistence import DatabaseHandle, retry_on_failover, write_unordered
from shared.data.version_conflicts import CONFLICT_ATTEMPTS, retry_on_version_conflict
from tests.shared.toys import Note, stored


@pytest.fixture(autouse=True)
def _connected(database: DatabaseHandle) -> None:
    """Every test here writes to the toy database."""


def make_note(**changes: object) -> Note:
    note = Note(**{"text": "first", "company_id": "cmp_acme", **changes})
    return note.commit()


class TestCommit:
    def test_writes_state_and_event_in_one_document(self):
        note = Note(company_id="cmp_acme")
        note.write("hello")
        note.commit()

        row = stored(note.id)
        assert (row["text"], row["version"]) == ("hello", 1)
        assert [(each["name"], each["version"], each["fields"]) for each in row["outbox"]] == [
            ("toys.note_written.v1", 1, {"text": "hello"})
        ]

    def test_raises_a_version_conflict_and_keeps_the_first_write(self):
        first = make_note()
        second = Note.get(first.id)
        first.write("winner")
        first.commit()
        second.write("loser")

        with pytest.raises(VersionConflict):
            second.commit()

        row = stored(first.id)
        assert (row["text"], row["version"], len(row["outbox"])) == ("winner", 2, 1)

    def test_lets_one_of_many_writers_commit_each_version(self):
        note = make_note()
        barrier = threading.Barrier(8)

        def pin(_: int) -> bool:
            mine = Note.get(note.id)
            barrier.wait()
            mine.text = "pinned"
            try:
                mine.commit()
            except VersionConflict:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            outcomes = list(pool.map(pin, range(8)))

        assert outcomes.count(True) == 1
        assert Note.get(note.id).version == 2

    def test_recognises_its_own_write_after_a_broken_connection(self):
        note = make_note()
        note.text = "changed"
        note.commit()
        note.version -= 1  # as after a write whose answer was lost: the same commit is tried again
        note._mark_as_changed("text")

        note._write(expected=1)

        assert Note.get(note.id).text == "changed"


class TestGet:
    def test_finds_within_the_company_only(self):
        note = make_note(company_id="cmp_acme")

        assert Note.get(note.id, company_id="cmp_acme").id == note.id
        with pytest.raises(NotFound) as other:
            Note.get(note.id, company_id="cmp_globex")
        with pytest.raises(NotFound) as absent:
            Note.get("note_absent", company_id="cmp_globex")
        assert str(other.value).replace(note.id, "") == str(absent.value).replace("note_absent", "")

    def test_treats_a_query_operator_as_text(self):
        make_note()

        with pytest.raises(NotFound):
            Note.get({"$ne": ""})  # type: ignore[arg-type]

    def test_reads_fields_of_a_newer_version_without_breaking(self):
        note = make_note()
        Note.collection().update_one({"_id": note.id}, {"$set": {"added_tomorrow": 1}})

        assert Note.get(note.id).text == "first"

    def test_names_the_document_that_was_not_found(self):
        with pytest.raises(NotFound) as absent:
            Note.get("note_absent")

        assert absent.value.detail == "Note note_absent was not found"


class TestRetryOnVersionConflict:
    def test_runs_the_operation_again_on_the_current_state(self):
        note = make_note()
        attempts = 0

        @retry_on_version_conflict
        def rewrite(text: str) -> Note:
            nonlocal attempts
            attempts += 1
            mine = Note.get(note.id)
            if attempts == 1:
                Note.get(note.id).commit()
            mine.text = text
            return mine.commit()

        assert (rewrite("again").version, attempts) == (3, 2)

    def test_raises_the_conflict_after_the_last_attempt(self):
        attempts = []

        @retry_on_version_conflict
        def conflicting() -> None:
            attempts.append(1)
            raise VersionConflict

        with pytest.raises(VersionConflict):
            conflicting()
        assert len(attempts) == CONFLICT_ATTEMPTS

    def test_raises_a_subclass_at_once(self):
        attempts = []

        class CapturePending(VersionConflict):
            pass

        @retry_on_version_conflict
        def pending() -> None:
            attempts.append(1)
            raise CapturePending

        with pytest.raises(CapturePending):
            pending()
        assert len(attempts) == 1


class TestWriteUnordered:
    def test_counts_the_writes_that_changed_a_document(self):
        known, removed = make_note(), make_note()

        changed = write_unordered(
            Note.collection(),
            [
                InsertOne({"_id": known.id}),
                InsertOne({"_id": "note_new"}),
                UpdateOne({"_id": known.id}, {"$setOnInsert": {"text": "other"}}, upsert=True),
                UpdateOne({"_id": known.id}, {"$set": {"text": "second"}}),
                DeleteOne({"_id": removed.id}),
                DeleteOne({"_id": "note_absent"}),
            ],
        )

        assert changed == 3
        assert Note.get(known.id).text == "second"

    def test_raises_any_other_write_error(self):
        note = make_note()

        with pytest.raises(BulkWriteError):
            write_unordered(Note.collection(), [UpdateOne({"_id": note.id}, {"$inc": {"text": 1}})])

    def test_writes_nothing_without_writes(self):
        assert write_unordered(Note.collection(), []) == 0


class TestRetryOnFailover:
    def test_retries_until_the_store_is_available(self):
        answers: Iterator[Exception | str] = iter([AutoReconnect("gone"), AutoReconnect("gone"), "back"])

        def call() -> str:
            answer = next(answers)
            if isinstance(answer, Exception):
                raise answer
            return answer

        with deadline.start(5):
            assert retry_on_failover(call) == "back"

    def test_raises_unavailable_at_the_deadline(self):
        def call() -> None:
            raise AutoReconnect("gone")

        with deadline.start(0.2), pytest.raises(Unavailable) as refusal:
            retry_on_failover(call)

        assert refusal.value.headers["Retry-After"]


class TestAfterTheDeadline:
    def test_still_stores_a_result(self, database):
        with deadline.start(0.0):
            Note(text="done").commit()

        assert Note.objects.count() == 1
