"""Slow work on RQ: `@job` declares it, handlers and the scheduler start it, a jobs worker does it."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import redis
from flask import current_app
from rq import Queue, Retry, SimpleWorker
from rq.exceptions import DuplicateJobError, NoSuchJobError
from rq.job import Job as QueuedJob
from rq.job import JobStatus
from rq.serializers import JSONSerializer

from shared.metrics import histogram
from shared.observability import get_logger
from shared.redis_client import blocking_redis_from_url, redis_from_url
from shared.tracing import bind_context, resumed, trace_context
from shared.worker import heartbeat

log = get_logger()

FAILURE_KEPT_SECONDS = 7 * 24 * 3600
WORKER_TTL_SECONDS = 20
DURATION = histogram("job_duration_seconds", "Time of one background job, by job and outcome", ["job", "outcome"])
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

    def __call__(self, *args: Any) -> None:
        bind_context(job=self.name)
        self.run(*args)

    def enqueue(self, *args: str | int) -> None:
        """Queue the job once per arguments: while the same is queued or running, nothing is added."""
        self.enqueue_on(connection(), *args)

    def enqueue_on(self, store: redis.Redis, *args: str | int) -> None:
        """Queue the job on a given Redis connection, as the scheduler does."""
        job_id = UNSAFE_IN_ID.sub("-", "-".join([self.name, *map(str, args)]))
        try:
            self._add(store, job_id, args)
        except DuplicateJobError:
            if _remove_failed(store, job_id):
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


def _remove_failed(store: redis.Redis, job_id: str) -> bool:
    try:
        earlier = QueuedJob.fetch(job_id, connection=store, serializer=JSONSerializer)
    except NoSuchJobError:
        return True
    if earlier.get_status() not in {JobStatus.FAILED, JobStatus.CANCELED, JobStatus.STOPPED, JobStatus.FINISHED}:
        return False
    earlier.delete()
    return True


def connection() -> redis.Redis:
    """Return the Redis connection on which the service at work queues jobs, made when first needed."""
    known: redis.Redis | None = current_app.extensions.get("tradepost_jobs")
    if known is None:
        known = redis_from_url(current_app.extensions["tradepost_settings"].redis_url)
        current_app.extensions["tradepost_jobs"] = known
    return known


def queues_of(service: str) -> list[str]:
    return sorted({each.queue for each in JOBS.values() if each.queue.startswith(f"{service}-")})


class JobsWorker(SimpleWorker):
    """One job at a time in this process; the heartbeat file is touched between jobs and while waiting."""

    def heartbeat(self, *args: Any, **kwargs: Any) -> Any:
        heartbeat()
        return super().heartbeat(*args, **kwargs)

    def perform_job(self, job: Any, *args: Any, **kwargs: Any) -> Any:
        """Do the job as a part of the request that caused it: its log lines carry the same request id."""
        started_at = time.perf_counter()
        outcome = "failed"
        name = job.func_name.rsplit(".", 1)[-1]
        try:
            with resumed(job.meta or {}, name):
                is_done = super().perform_job(job, *args, **kwargs)
            outcome = "done" if is_done else "failed"
            return is_done
        finally:
            DURATION.labels(name, outcome).observe(time.perf_counter() - started_at)


def make_worker(service: str, store: redis.Redis) -> JobsWorker:
    """Return the worker for all queues of a service."""
    queues = [Queue(name, connection=store, serializer=JSONSerializer) for name in queues_of(service)]
    return JobsWorker(queues, connection=store, serializer=JSONSerializer, worker_ttl=WORKER_TTL_SECONDS)


def main(package: str) -> None:
    """Work on the jobs of `services.<name>` until SIGTERM; the job at work is finished first."""
    service = package.rsplit(".", 1)[-1]
    app: Any = import_module(f"{package}.app").create_app()
    import_module(f"{package}.jobs")
    with app.app_context():
        log.info("jobs_worker_started", service=service, queues=queues_of(service))
        store = blocking_redis_from_url(app.extensions["tradepost_settings"].redis_url)
        make_worker(service, store).work(logging_level="WARNING")


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
    # Under `-m` this module is `__main__`; services register their jobs in the one that is named shared.jobs.
    import_module("shared.jobs").start(sys.argv[1:])
