"""The clock of a laptop's platform: rq's CronScheduler starts every job that is declared with a schedule."""

from __future__ import annotations

import os
from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec

from redis import Redis
from redis.exceptions import RedisError
from rq.cron import CronJob, CronScheduler

from shared.base.workloads import SERVICES
from shared.data.redis_client import redis_from_url
from shared.events.jobs import JOBS, Job
from shared.events.worker import heartbeat
from shared.observe.observability import configure_logging, get_logger

LONGEST_SLEEP_SECONDS = 5.0
SHORTEST_SLEEP_SECONDS = 0.5

log = get_logger()


class ScheduledJob(CronJob):
    """A declared job on rq's clock; it is queued as its service queues it: by name, as JSON, once at a time."""

    def __init__(self, declared: Job) -> None:
        super().__init__(
            queue_name=declared.queue, func_name=declared.path, interval=declared.every_seconds, name=declared.path
        )
        self._declared = declared

    def enqueue(self, connection: Redis) -> None:
        self._declared.enqueue_on(connection)


class Scheduler(CronScheduler):
    """rq's scheduler that survives an unavailable Redis: jobs due in that time are queued once afterwards."""

    def __init__(self, connection: Redis, jobs: Iterable[Job]) -> None:
        super().__init__(connection)
        self._cron_jobs = [ScheduledJob(declared) for declared in jobs]

    def enqueue_jobs(self) -> list[CronJob]:
        try:
            return list(super().enqueue_jobs())
        except RedisError as failure:
            log.warning("scheduler_waits", failure=type(failure).__name__)
            return []

    def save(self, pipeline: object = None) -> None:
        """Keep nothing in Redis: what is due is known from the code, and a new process starts sweepers at once."""

    def register_birth(self) -> None:
        """Stay out of rq's registry of schedulers, which the platform does not read."""

    def register_death(self, pipeline: object = None) -> None:
        """Leave nothing behind, since nothing was registered."""

    def heartbeat(self) -> None:
        """Touch the file by which the supervisor sees that this process is alive."""
        heartbeat()

    def calculate_sleep_interval(self) -> float:
        wanted: float = super().calculate_sleep_interval()
        return max(SHORTEST_SLEEP_SECONDS, min(wanted, LONGEST_SLEEP_SECONDS))


def scheduled_jobs() -> list[Job]:
    """Return every job of every service that is declared with `every_seconds`."""
    for service in SERVICES:
        if find_spec(f"services.{service}") and find_spec(f"services.{service}.jobs"):
            import_module(f"services.{service}.jobs")
    return [declared for declared in JOBS.values() if declared.every_seconds]


def main() -> None:
    """Run the scheduler until SIGTERM or SIGINT."""
    configure_logging("scheduler", os.environ.get("LOG_LEVEL", "INFO"))
    jobs = scheduled_jobs()
    log.info("scheduler_started", jobs=[declared.name for declared in jobs])
    Scheduler(redis_from_url(os.environ["REDIS_URL"]), jobs).start()


if __name__ == "__main__":
    main()
