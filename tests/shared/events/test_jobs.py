"""Jobs: queued once, run by a worker, retried, and kept as failed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis
from flask import Flask
from prometheus_client import REGISTRY
from rq import Queue
from rq.registry import FailedJobRegistry
from rq.serializers import JSONSerializer

from shared.events.jobs import JOBS, job, make_worker
from shared.observe.tracing import continued_trace, current_request_id

done: list[str] = []


@job(queue="toys-notes", timeout=10, retries=2)
def print_note(note_id: str) -> None:
    """Print one note, unless it is the one that jams; one asks to be printed again while it is."""
    done.append(note_id)
    if note_id == "jam":
        raise RuntimeError("paper jam")
    if note_id == "endless":
        print_note.enqueue(note_id)


@job(queue="toys-sweeps", timeout=10, every_seconds=30)
def sweep_notes() -> None:
    done.append(current_request_id())


@pytest.fixture
def store(redis_url: str) -> Iterator[redis.Redis]:
    done.clear()
    with redis.Redis.from_url(redis_url) as connection:
        yield connection


@pytest.fixture
def work(store: redis.Redis, toy_app: Flask):
    """Run a jobs worker until the queues of the toy service are empty."""

    def run() -> None:
        with toy_app.app_context():
            make_worker("toys", store).work(burst=True, logging_level="ERROR")

    return run


class TestJobs:
    def test_are_run_by_the_worker_with_their_arguments(self, store, toy_app, work):
        with toy_app.app_context():
            print_note.enqueue("note_1")

        work()
        assert done == ["note_1"]

    def test_are_queued_once_per_arguments(self, store, work):
        for note_id in ("note:1.a", "note:1.a", "note:2"):
            print_note.enqueue_on(store, note_id)

        work()
        assert sorted(done) == ["note:1.a", "note:2"]

    def test_can_be_queued_again_after_their_end(self, store, work):
        for _ in range(2):
            print_note.enqueue_on(store, "note_1")
            work()

        assert done == ["note_1", "note_1"]

    def test_are_retried_then_kept_as_failed_and_can_be_queued_again(self, store, work):
        print_note.enqueue_on(store, "jam")
        work()
        queue = Queue("toys-notes", connection=store, serializer=JSONSerializer)
        failed = FailedJobRegistry(queue=queue, connection=store, serializer=JSONSerializer)
        assert done == ["jam"] * 3
        assert failed.get_job_ids() == ["print_note-jam"]

        print_note.enqueue_on(store, "jam")
        assert len(queue) == 1

    def test_are_queued_again_when_their_worker_was_killed(self, store, work):
        print_note.enqueue_on(store, "note_1")
        queue = Queue("toys-notes", connection=store, serializer=JSONSerializer)
        begun = queue.fetch_job(queue.pop_job_id())
        make_worker("toys", store).prepare_job_execution(begun)

        print_note.enqueue_on(store, "note_1")

        work()
        assert done == ["note_1"]

    def test_are_not_queued_again_while_they_run(self, work, toy_app):
        with toy_app.app_context():
            print_note.enqueue("endless")

        work()
        assert done == ["endless"]

    def test_have_the_request_id_of_their_cause(self, store, work):
        with continued_trace({"request_id": "req-from-the-browser"}):
            sweep_notes.enqueue_on(store)

        work()
        assert done == ["req-from-the-browser"]

    def test_are_counted_with_their_outcome(self, store, work):
        def counted(job: str, outcome: str) -> float:
            given = {"job": job, "outcome": outcome}
            return REGISTRY.get_sample_value("job_duration_seconds_count", given) or 0.0

        before = [counted("print_note", "done"), counted("print_note", "failed")]
        print_note.enqueue_on(store, "note_1")
        print_note.enqueue_on(store, "jam")
        work()

        assert counted("print_note", "done") - before[0] == 1
        assert counted("print_note", "failed") - before[1] == 3

    def test_declare_their_schedule(self):
        assert JOBS[sweep_notes.path].every_seconds == 30
        assert print_note.every_seconds is None
