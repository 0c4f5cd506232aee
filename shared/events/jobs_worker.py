"""The RQ worker of one service: it sends heartbeats during long jobs and ends within a minute after SIGTERM."""

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
from rq.worker import WorkerStatus

from shared.base.errors import HandedBack
from shared.events.worker import heartbeat
from shared.observe.metrics import histogram
from shared.observe.tracing import continued_trace

WORKER_TTL_SECONDS = 20
BEAT_SECONDS = 10
STEP_SECONDS = 1
KEY_SECONDS = 30
# Fargate stops a Spot machine two minutes after SIGTERM: a running job has one minute to end.
HAND_BACK_SECONDS = 60

DURATION = histogram("job_duration_seconds", "Time of one background job, by job and outcome", ["job", "outcome"])


class JobsWorker(SimpleWorker):
    """
    Runs one job at a time in this process.

    The heartbeat file is touched while the worker is idle and while a job runs; a hanging job ends by its timeout.
    After SIGTERM no job starts; the running job may end within `hand_back_seconds`, else it is queued again.
    """

    hand_back_seconds = HAND_BACK_SECONDS

    def heartbeat(self, *args: Any, **kwargs: Any) -> Any:
        heartbeat()
        return super().heartbeat(*args, **kwargs)

    def perform_job(self, job: Any, *args: Any, **kwargs: Any) -> Any:
        """Run the job in the trace of the request that caused it: its log lines have the same request id."""
        started_at = time.perf_counter()
        outcome = "failed"
        name = job.func_name.rsplit(".", 1)[-1]
        try:
            with continued_trace(job.meta or {}, name), _heartbeats(self.connection, job.id):
                is_done = super().perform_job(job, *args, **kwargs)
            outcome = "done" if is_done else "failed"
            return is_done
        finally:
            DURATION.labels(name, outcome).observe(time.perf_counter() - started_at)

    def dequeue_job_and_maintain_ttl(self, timeout: int | None, max_idle_time: int | None = None) -> Any:
        """Wait for a job in short steps; return None after a stop request, with a job that was taken put back first."""
        if timeout is None:
            return super().dequeue_job_and_maintain_ttl(timeout, max_idle_time)
        while not self._stop_requested:
            taken = super().dequeue_job_and_maintain_ttl(STEP_SECONDS, STEP_SECONDS)
            if taken is not None and self._stop_requested:
                job, queue = taken
                queue.push_job_id(job.id, at_front=True)
            elif taken is not None:
                return taken
        return None

    def _shutdown(self) -> None:
        """Note the request. RQ raises while it waits for a job, and the job that arrives at that moment is lost."""
        if self.get_state() == WorkerStatus.BUSY:
            super()._shutdown()
        self._stop_requested = True

    def handle_warm_shutdown_request(self) -> None:
        """Shorten the alarm of the job timeout to `hand_back_seconds`; the alarm then queues the job again."""
        super().handle_warm_shutdown_request()
        seconds_left = signal.alarm(0)
        if seconds_left:
            signal.signal(signal.SIGALRM, _hand_back)
            signal.alarm(min(seconds_left, self.hand_back_seconds))


def make_jobs_worker(
    queue_names: Sequence[str], store: redis.Redis, *, hand_back_seconds: int = HAND_BACK_SECONDS
) -> JobsWorker:
    """Return the worker of these queues; times are seconds."""
    queues = [Queue(name, connection=store, serializer=JSONSerializer) for name in queue_names]
    worker = JobsWorker(queues, connection=store, serializer=JSONSerializer, worker_ttl=WORKER_TTL_SECONDS)
    worker.hand_back_seconds = hand_back_seconds
    return worker


def _hand_back(*_: object) -> None:
    raise HandedBack


def is_running(store: redis.Redis, job_id: str) -> bool:
    """Return whether a live worker runs this job; RQ itself would detect a dead worker after minutes."""
    return bool(store.exists(_heartbeat_key(job_id)))


def _heartbeat_key(job_id: str) -> str:
    return f"tradepost:job-at-work:{job_id}"


@contextmanager
def _heartbeats(store: redis.Redis, job_id: str) -> Iterator[None]:
    done = threading.Event()

    def set_key() -> None:
        with suppress(redis.RedisError):  # the next heartbeat follows soon
            store.set(_heartbeat_key(job_id), 1, ex=KEY_SECONDS)

    def beat() -> None:
        while not done.wait(BEAT_SECONDS):
            heartbeat()
            set_key()

    set_key()
    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
