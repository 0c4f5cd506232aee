"""Machines that stop with notice, as on Fargate Spot: workers finish or requeue their work, and lose none."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from rq import Queue
from rq.job import Job as QueuedJob
from rq.serializers import JSONSerializer
from rq.utils import now

from shared.data.persistence import DatabaseHandle, database
from tests.shared.brokers import sns_twin
from tests.shared.postbox.handlers import Letter, LetterPosted
from tests.shared.postbox.jobs import walk_round
from tests.shared.processes import until, worker_process

RECLAIMS = 10
LETTERS = 20


@pytest.fixture
def environment(mongodb_url, redis_url) -> dict[str, str]:
    DatabaseHandle("postbox", mongodb_url("postbox"))
    return {"MONGODB_URI": mongodb_url("postbox"), "REDIS_URL": redis_url, "HAND_BACK_SECONDS": "1"}


@pytest.fixture(params=["redis", "sns"])
def brokered(request, environment) -> Iterator[dict[str, str]]:
    """The environment of workers with each broker; the dead-letter queue is empty at the end."""
    if request.param == "redis":
        yield environment
        return
    with sns_twin(request.getfixturevalue("aws"), LetterPosted.name) as twin:
        topics = json.dumps({"events": twin.topic_arn})
        queue = {"COPILOT_SNS_TOPIC_ARNS": topics, "COPILOT_QUEUE_URI": twin.queue_url}
        yield {**environment, "EVENT_BROKER": "sns", **queue}
        assert twin.broker.subscribe("postbox", [], consumer="").dead_letters() == []


@pytest.fixture
def store(redis_url):
    with redis.Redis.from_url(redis_url) as connection:
        yield connection


def post(reclaim: int) -> None:
    for number in range(LETTERS):
        letter = Letter()
        letter.post(f"letter {reclaim}.{number}")
        letter.commit()


def begun() -> int:
    return sum(each["begun"] for each in database("postbox")["rounds"].find({}, {"begun": 1}))


def work_until_reclaimed(environment: dict[str, str], beat: Path, store: redis.Redis, reclaim: int) -> list[int]:
    """Start both workers, stop their machine during work, and return their exit statuses."""
    begun_before = begun()
    with ExitStack() as machine:
        events = machine.enter_context(worker_process({**environment, "HEARTBEAT_FILE": str(beat)}))
        jobs = machine.enter_context(worker_process(environment, "shared.events.jobs", "tests.shared.postbox"))
        until(beat.exists)
        walk_round.enqueue_on(store, f"round-{reclaim}", 4)
        post(reclaim)
        until(lambda: begun() > begun_before)
        for process in (events, jobs):
            process.send_signal(signal.SIGTERM)
        return [events.wait(20), jobs.wait(20)]


class TestTenReclaims:
    def test_lose_no_event_and_no_job(self, brokered, store, tmp_path):
        rounds, delivered = database("postbox")["rounds"], database("postbox")["delivered"]
        walk_round.enqueue_on(store, "long", 100)
        for reclaim in range(RECLAIMS):
            assert work_until_reclaimed(brokered, tmp_path / str(reclaim), store, reclaim) == [0, 0]

        with worker_process(brokered), worker_process(brokered, "shared.events.jobs", "tests.shared.postbox"):
            until(lambda: rounds.count_documents({"ended": 1}) == RECLAIMS + 1, seconds=60)
            until(lambda: delivered.count_documents({}) == RECLAIMS * LETTERS, seconds=60)

        assert database("postbox")["attempts"].count_documents({"count": {"$ne": 1}}) == 0
        assert rounds.count_documents({"ended": {"$ne": 1}}) == 0


class TestReclaimedJobsWorker:
    def test_starts_no_further_job(self, environment, store):
        rounds = database("postbox")["rounds"]
        for round_id in ("first", "second"):
            walk_round.enqueue_on(store, round_id, 40)
        with worker_process(environment, "shared.events.jobs", "tests.shared.postbox") as worker:
            until(lambda: rounds.find_one({"_id": "first", "steps": {"$gt": 2}}))
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(20) == 0

        assert rounds.find_one({"_id": "second"}) is None
        waiting = Queue(walk_round.queue, connection=store, serializer=JSONSerializer).job_ids
        assert set(waiting) == {"walk_round-first-40", "walk_round-second-40"}


class TestJobOfAKilledWorker:
    def test_is_queued_again_although_it_never_started(self, store):
        walk_round.enqueue_on(store, "astray", 1)
        queue = Queue(walk_round.queue, connection=store, serializer=JSONSerializer)
        taken = QueuedJob.fetch(store.lpop(queue.key).decode(), connection=store, serializer=JSONSerializer)

        walk_round.enqueue_on(store, "astray", 1)
        assert queue.job_ids == []  # its worker may be about to begin

        taken.enqueued_at = now() - timedelta(minutes=2)
        taken.save()
        walk_round.enqueue_on(store, "astray", 1)
        assert queue.job_ids == ["walk_round-astray-1"]
