"""Background jobs on RQ: `@job` declares a job, handlers and the scheduler enqueue it, a jobs worker runs it."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from typing import Any

import redis
from flask import current_app
from rq import Queue, Retry
from rq.exceptions import DuplicateJobError, NoSuchJobError
from rq.job import Job as QueuedJob
from rq.job import JobStatus
from rq.serializers import JSONSerializer
from rq.utils import now

from shared.base.errors import HandedBack
from shared.data.redis_client import blocking_redis_from_url, redis_from_url
from shared.events.jobs_worker import JobsWorker, is_running, make_jobs_worker
from shared.observe.observability import get_logger
from shared.observe.tracing import bind_context, trace_context

log = get_logger()

FAILURE_KEPT_SECONDS = 7 * 24 * 3600
# A job that left its queue and did not start within this time: its worker was killed in between.
LOST_AFTER = timedelta(minutes=1)
MAX_HAND_BACKS = 1_000
ENDED = frozenset({JobStatus.FAILED, JobStatus.CANCELED, JobStatus.STOPPED, JobStatus.FINISHED})
UNSAFE_IN_ID = re.compile(r"[^A-Za-z0-9_-]")


@dataclass(frozen=True)
class Job:
    """
    A slow function. A call runs it in this process; `enqueue` queues it for a jobs worker.

    It must be safe to run twice: the job of a killed worker runs again, and sweeps repeat unfinished work.
    """

    run: Callable[..., None]
    queue: str
    timeout_seconds: int
    retries: int
    every_seconds: int | None

    @property
    def name(self) -> str:
        return self.run.__name__

    @property
    def path(self) -> str:
        return f"{self.run.__module__}.{self.run.__name__}"

    def __call__(self, *args: Any) -> Retry | None:
        """Run the job; return a Retry, by which RQ queues it again, if the machine stops."""
        bind_context(job=self.name)
        try:
            self.run(*args)
        except HandedBack:
            log.warning("job_handed_back")
            return Retry(max=MAX_HAND_BACKS)
        return None

    def enqueue(self, *args: str | int) -> None:
        """Queue the job; no second one is added while a job with the same arguments is queued or running."""
        self.enqueue_on(connection(), *args)

    def enqueue_on(self, store: redis.Redis, *args: str | int) -> None:
        """Queue the job on the given Redis connection, as the scheduler does."""
        job_id = UNSAFE_IN_ID.sub("-", "-".join([self.name, *map(str, args)]))
        try:
            self._add(store, job_id, args)
        except DuplicateJobError:
            if self._delete_stale(store, job_id):
                self._add(store, job_id, args)

    def _add(self, store: redis.Redis, job_id: str, args: tuple[str | int, ...]) -> None:
        Queue(self.queue, connection=store, serializer=JSONSerializer).enqueue_call(
            self.path,
            args=args,
            timeout=self.timeout_seconds,
            result_ttl=0,
            failure_ttl=FAILURE_KEPT_SECONDS,
            retry=Retry(max=self.retries) if self.retries else None,
            job_id=job_id,
            meta=trace_context(),
            unique=True,
        )

    def _delete_stale(self, store: redis.Redis, job_id: str) -> bool:
        """Delete a stale job with this id; return True if the id is free."""
        try:
            earlier = QueuedJob.fetch(job_id, connection=store, serializer=JSONSerializer)
        except NoSuchJobError:
            return True
        status = earlier.get_status()
        is_orphan = status == JobStatus.STARTED and not is_running(store, job_id)
        if status not in ENDED and not is_orphan and not _is_lost(earlier, store):
            return False
        earlier.delete()
        return True


JOBS: dict[str, Job] = {}


def job(
    *, queue: str, timeout: int, retries: int = 0, every_seconds: int | None = None
) -> Callable[[Callable[..., None]], Job]:
    """
    Declare a function of `services.<service>.jobs` as a job of the queue `<service>-<kind of work>`.

    `timeout` is in seconds; the scheduler enqueues a job with `every_seconds` at that interval (a sweep).
    """

    def declare(function: Callable[..., None]) -> Job:
        declared = Job(function, queue, timeout, retries, every_seconds)
        JOBS[declared.path] = declared
        return declared

    return declare


def _is_lost(queued: QueuedJob, store: redis.Redis) -> bool:
    """Return whether a worker took the job from its queue and was killed before it started the job."""
    queued_at = queued.enqueued_at
    if queued.get_status() != JobStatus.QUEUED or queued_at is None:
        return False
    queue = Queue(queued.origin, connection=store, serializer=JSONSerializer)
    return now() - queued_at > LOST_AFTER and queue.get_job_position(queued.id) is None


def connection() -> redis.Redis:
    """Return the Redis connection on which the current service queues jobs, created at the first use."""
    known: redis.Redis | None = current_app.extensions.get("tradepost_jobs")
    if known is None:
        known = redis_from_url(current_app.extensions["tradepost_settings"].redis_url)
        current_app.extensions["tradepost_jobs"] = known
    return known


def queues_of(service: str) -> list[str]:
    return sorted({each.queue for each in JOBS.values() if each.queue.startswith(f"{service}-")})


def make_worker(service: str, store: redis.Redis) -> JobsWorker:
    """Return the worker for all queues of a service."""
    return make_jobs_worker(queues_of(service), store)


def main(package: str) -> None:
    """Run jobs of `services.<name>` until SIGTERM; the running job ends or is queued again."""
    service = package.rsplit(".", 1)[-1]
    app: Any = import_module(f"{package}.app").create_app()
    import_module(f"{package}.jobs")
    with app.app_context():
        log.info("jobs_worker_started", service=service, queues=queues_of(service))
        settings = app.extensions["tradepost_settings"]
        store = blocking_redis_from_url(settings.redis_url)
        worker = make_jobs_worker(queues_of(service), store, hand_back_seconds=settings.hand_back_seconds)
        worker.work(logging_level="WARNING")


def run_by_name(package: str, name: str) -> None:
    """Enqueue the job `name` of a service; scheduled tasks on AWS and operators use this."""
    app: Any = import_module(f"{package}.app").create_app()
    jobs = import_module(f"{package}.jobs")
    with app.app_context():
        declared: Job = getattr(jobs, name)
        declared.enqueue()


def start(arguments: list[str]) -> None:
    """Run the worker of a package, or enqueue one of its jobs: `services.orders [attend_due_orders]`."""
    if len(arguments) > 1:
        run_by_name(arguments[0], arguments[1])
    else:
        main(arguments[0])


if __name__ == "__main__":
    # Under `-m` this module is `__main__`; services register their jobs in the module shared.events.jobs.
    import_module("shared.events.jobs").start(sys.argv[1:])
