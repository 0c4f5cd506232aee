"""The RQ worker of one service: alive while a long job runs, and gone within a minute of being asked to."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import redis
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

from shared.base.errors import HandedBack
from shared.events.worker import heartbeat
from shared.observe.metrics import histogram
from shared.observe.tracing import resumed

WORKER_TTL_SECONDS = 20
BEAT_SECONDS = 10
LIFE_SECONDS = 30
# Fargate takes a Spot machine two minutes after SIGTERM: a job gets one of them to end by itself.
HAND_BACK_SECONDS = 60

DURATION = histogram("job_duration_seconds", "Time of one background job, by job and outcome", ["job", "outcome"])


class JobsWorker(SimpleWorker):
    """
    One job at a time in this process.

    The heartbeat file is touched while waiting and while a job runs; a job that never ends is ended by its own timeout.
    After SIGTERM no job is begun; the one at work may end by itself, or is handed back to its queue.
    """

    hand_back_seconds = HAND_BACK_SECONDS

    def heartbeat(self, *args: Any, **kwargs: Any) -> Any:
        heartbeat()
        return super().heartbeat(*args, **kwargs)

    def perform_job(self, job: Any, *args: Any, **kwargs: Any) -> Any:
        """Do the job as a part of the request that caused it: its log lines carry the same request id."""
        started_at = time.perf_counter()
        outcome = "failed"
        name = job.func_name.rsplit(".", 1)[-1]
        try:
            with resumed(job.meta or {}, name), _beating(self.connection, job.id):
                is_done = super().perform_job(job, *args, **kwargs)
            outcome = "done" if is_done else "failed"
            return is_done
        finally:
            DURATION.labels(name, outcome).observe(time.perf_counter() - started_at)

    def handle_warm_shutdown_request(self) -> None:
        """Let the alarm that ends a job after its timeout ring earlier, and hand the job back."""
        super().handle_warm_shutdown_request()
        seconds_left = signal.alarm(0)
        if seconds_left:
            signal.signal(signal.SIGALRM, _hand_back)
            signal.alarm(min(seconds_left, self.hand_back_seconds))


def make_jobs_worker(
    queue_names: Sequence[str], store: redis.Redis, *, hand_back_seconds: int = HAND_BACK_SECONDS
) -> JobsWorker:
    """Return the worker for some queues; times are seconds."""
    queues = [Queue(name, connection=store, serializer=JSONSerializer) for name in queue_names]
    worker = JobsWorker(queues, connection=store, serializer=JSONSerializer, worker_ttl=WORKER_TTL_SECONDS)
    worker.hand_back_seconds = hand_back_seconds
    return worker


def _hand_back(*_: object) -> None:
    raise HandedBack


def is_being_done(store: redis.Redis, job_id: str) -> bool:
    """Return whether a worker that lives is at this job; RQ itself would wait for minutes."""
    return bool(store.exists(_sign_of_life(job_id)))


def _sign_of_life(job_id: str) -> str:
    return f"tradepost:job-at-work:{job_id}"


@contextmanager
def _beating(store: redis.Redis, job_id: str) -> Iterator[None]:
    done = threading.Event()

    def show_life() -> None:
        with suppress(redis.RedisError):  # the next beat is soon
            store.set(_sign_of_life(job_id), 1, ex=LIFE_SECONDS)

    def beat() -> None:
        while not done.wait(BEAT_SECONDS):
            heartbeat()
            show_life()

    show_life()
    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
