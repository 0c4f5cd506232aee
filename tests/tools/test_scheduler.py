"""The scheduler queues what is due, once at a time, and outlives an absent Redis."""

from __future__ import annotations

import redis
from rq import Queue
from rq.serializers import JSONSerializer

from shared.data.redis_client import redis_from_url
from shared.events.jobs import Job
from tools.ports import free_port
from tools.scheduler import Scheduler, scheduled_jobs
from tools.stores import start_redis


def sweep_orders() -> None:
    """Stands for a sweeper; here it is only queued."""


SWEEP = Job(sweep_orders, "orders-sweeps", timeout_seconds=30, retries=0, every_seconds=60)


def queued(store: redis.Redis) -> list[str]:
    return Queue("orders-sweeps", connection=store, serializer=JSONSerializer).get_job_ids()


class TestScheduler:
    def test_queues_every_job_at_its_start(self, redis_url):
        store = redis_from_url(redis_url)

        Scheduler(store, [SWEEP]).enqueue_jobs()

        assert queued(store) == ["sweep_orders"]

    def test_queues_nothing_that_is_not_due(self, redis_url):
        store = redis_from_url(redis_url)
        scheduler = Scheduler(store, [SWEEP])
        scheduler.enqueue_jobs()
        store.flushdb()

        scheduler.enqueue_jobs()

        assert queued(store) == []

    def test_queues_a_job_once_while_it_waits_to_run(self, redis_url):
        store = redis_from_url(redis_url)

        for _ in range(2):
            Scheduler(store, [SWEEP]).enqueue_jobs()

        assert queued(store) == ["sweep_orders"]

    def test_leaves_nothing_of_its_own_in_redis(self, redis_url):
        store = redis_from_url(redis_url)
        scheduler = Scheduler(store, [SWEEP])
        scheduler.register_birth()
        scheduler.enqueue_jobs()
        scheduler.save()
        scheduler.register_death()

        assert [key for key in store.keys("rq:*") if b"cron" in key] == []

    def test_queues_what_was_due_when_redis_is_back(self, tmp_path):
        port = free_port()
        store = redis_from_url(f"redis://127.0.0.1:{port}/0")
        scheduler = Scheduler(store, [SWEEP])

        assert scheduler.enqueue_jobs() == []
        server = start_redis(tmp_path / "redis", port, throw_away=True)
        try:
            scheduler.enqueue_jobs()
            assert queued(store) == ["sweep_orders"]
        finally:
            server.stop()

    def test_looks_often_enough_to_show_that_it_lives(self, redis_url):
        scheduler = Scheduler(redis_from_url(redis_url), [SWEEP])
        scheduler.enqueue_jobs()

        assert 0 < scheduler.calculate_sleep_interval() <= 5


class TestScheduledJobs:
    def test_finds_the_sweepers_of_the_services(self):
        found = scheduled_jobs()

        assert {declared.queue.split("-")[0] for declared in found} >= {"orders", "payments", "products"}
        assert all(declared.every_seconds for declared in found)
