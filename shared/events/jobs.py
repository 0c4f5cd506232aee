"""Slow work on RQ: `@job` declares it, handlers and the scheduler start it, a jobs worker does it."""

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
from shared.events.jobs_worker import JobsWorker, is_being_done, make_jobs_worker
from shared.observe.observability import get_logger
from shared.observe.tracing import bind_context, trace_context

log = get_logger()

FAILURE_KEPT_SECONDS = 7 * 24 * 3600
# Taken from its queue but not begun for so long: its worker was killed in between.
ASTRAY_AFTER = timedelta(minutes=1)
MOST_HAND_BACKS = 1_000
OVER = frozenset({JobStatus.FAILED, JobStatus.CANCELED, JobStatus.STOPPED, JobStatus.FINISHED})
UNSAFE_IN_ID = re.compile(r"[^A-Za-z0-9_-]")


@dataclass(frozen=True)
class Job:
    """
    A function that may be slow. Calling it runs it here; `enqueue` has a jobs worker run it.

    It must be safe to run twice: a killed worker's job comes back, and sweepers find work again from MongoDB.
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
        """Run the job; a Retry tells RQ to queue it again, for the machine was taken away in between."""
        bind_context(job=self.name)
        try:
            self.run(*args)
        except HandedBack:
            log.warning("job_handed_back")
            return Retry(max=MOST_HAND_BACKS)
        return None

    def enqueue(self, *args: str | int) -> None:
        """Queue the job once per arguments: while the same is queued or running, nothing is added."""
        self.enqueue_on(connection(), *args)

    def enqueue_on(self, store: redis.Redis, *args: str | int) -> None:
        """Queue the job on a given Redis connection, as the scheduler does."""
        job_id = UNSAFE_IN_ID.sub("-", "-".join([self.name, *map(str, args)]))
        try:
            self._add(store, job_id, args)
        except DuplicateJobError:
            if self._remove_dead(store, job_id):
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

    def _remove_dead(self, store: redis.Redis, job_id: str) -> bool:
        """Remove a job that nobody will ever do, and tell whether there is none of that id now."""
        try:
            earlier = QueuedJob.fetch(job_id, connection=store, serializer=JSONSerializer)
        except NoSuchJobError:
            return True
        status = earlier.get_status()
        is_orphan = status == JobStatus.STARTED and not is_being_done(store, job_id)
        if status not in OVER and not is_orphan and not _is_astray(earlier, store):
            return False
        earlier.delete()
        return True


JOBS: dict[str, Job] = {}


def job(
    *, queue: str, timeout: int, retries: int = 0, every_seconds: int | None = None
) -> Callable[[Callable[..., None]], Job]:
    """
    Declare a function of `services.<service>.jobs` as a job of the queue `<service>-<kind of work>`.

    `timeout` is in seconds; `every_seconds` has the scheduler start it again and again (a sweeper).
    """

    def declare(function: Callable[..., None]) -> Job:
        declared = Job(function, queue, timeout, retries, every_seconds)
        JOBS[declared.path] = declared
        return declared

    return declare


def _is_astray(queued: QueuedJob, store: redis.Redis) -> bool:
    """Return whether a worker took the job from its queue and died before it could say so."""
    waits_since = queued.enqueued_at
    if queued.get_status() != JobStatus.QUEUED or waits_since is None:
        return False
    queue = Queue(queued.origin, connection=store, serializer=JSONSerializer)
    return now() - waits_since > ASTRAY_AFTER and queue.get_job_position(queued.id) is None


def connection() -> redis.Redis:
    """Return the Redis connection on which the service at work queues jobs, made when first needed."""
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
    """Work on the jobs of `services.<name>` until SIGTERM; the job at work is finished or handed back."""
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
    """Enqueue the job `name` of a service: what a scheduled task on AWS, or a person, runs."""
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
    # Under `-m` this module is `__main__`; services register their jobs in the one that is named shared.events.jobs.
    import_module("shared.events.jobs").start(sys.argv[1:])
