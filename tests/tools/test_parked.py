"""What could not be handled is shown with its reason, and sent round again when asked to."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import redis
from rq import Queue
from rq.registry import FailedJobRegistry
from rq.serializers import JSONSerializer

from shared.data.events import Envelope
from shared.events.broker import MAX_ATTEMPTS, Message
from shared.events.broker_redis import RedisBroker
from shared.events.catalog.payments import PaymentDeclined
from shared.events.jobs import job, make_worker
from tools.parked import SWEPT, describe, main, send_again


@job(queue="orders-tests", timeout=5)
def jam() -> None:
    raise RuntimeError("paper jam")


@job(queue="orders-tests", timeout=5)
def stuck() -> None:
    raise RuntimeError("stuck")


@job(queue="orders-tests", timeout=5)
def swept() -> None:
    """Do the work that other jobs left, as a sweep does."""


@pytest.fixture
def store(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as connection:
        yield connection


def park_event(store: redis.Redis) -> None:
    """Let the orders service give up on one event of payments."""
    broker = RedisBroker(store)
    event = PaymentDeclined(payment_id="pay_1", order_id="ord_1", reason="no")
    broker.publish([Envelope.wrap(event, aggregate_id="pay_1", version=1)])
    subscription = broker.subscribe("orders", ["payments"], consumer="one")
    taken = subscription.receive(wait_seconds=0.01)[0]
    assert isinstance(taken, Message)
    subscription.reject(Message(taken.receipt, taken.envelope, MAX_ATTEMPTS), "KeyError: order")


def fail_job(store: redis.Redis) -> None:
    jam.enqueue_on(store)
    make_worker("orders", store).work(burst=True, logging_level="CRITICAL")


def failed_jobs(store: redis.Redis) -> FailedJobRegistry:
    queue = Queue("orders-tests", connection=store, serializer=JSONSerializer)
    return FailedJobRegistry(queue=queue, connection=store, serializer=JSONSerializer)


# What Redis may hold of a job that was stored by another version, cut off, or lost in part.
SPOILT: dict[str, Callable[[redis.Redis], object]] = {
    "hash gone": lambda store: store.delete("rq:job:jam"),
    "results gone": lambda store: store.delete("rq:results:jam"),
    "no data": lambda store: store.hdel("rq:job:jam", "data"),
    "data that is not JSON": lambda store: store.hset("rq:job:jam", "data", b"\xff\xfe"),
    "unknown status": lambda store: store.hset("rq:job:jam", "status", "odd"),
    "no status": lambda store: store.hdel("rq:job:jam", "status"),
    "text that is not UTF-8": lambda store: store.hset("rq:job:jam", "description", b"\xff"),
    "a date that is none": lambda store: store.hset("rq:job:jam", "created_at", "soon"),
    "no hash": lambda store: (store.delete("rq:job:jam"), store.set("rq:job:jam", "x")),
    "an unreadable result": lambda store: store.xadd("rq:results:jam", {"exc_string": b"\xff", "type": "2"}),
    "an id that is not UTF-8": lambda store: store.zadd(failed_jobs(store).key, {b"\xff\xfe": 2e12}),
    "a queue that is not UTF-8": lambda store: store.sadd("rq:queues", b"rq:queue:\xff"),
    "a queue that is not listed": lambda store: store.srem("rq:queues", "rq:queue:orders-tests"),
}


class TestParked:
    def test_says_that_nothing_is_parked(self, store):
        assert list(describe(store)) == ["Nothing is parked."]

    def test_shows_events_and_jobs_with_their_reasons(self, store):
        park_event(store)
        jam.enqueue_on(store)
        make_worker("orders", store).work(burst=True, logging_level="CRITICAL")

        lines = list(describe(store))
        assert "orders: event payments.payment_declined.v1 of events:payments: KeyError: order" in lines
        assert "orders: job jam: RuntimeError: paper jam" in lines
        assert lines[-2] == SWEPT

    def test_sends_them_round_again(self, store):
        park_event(store)
        jam.enqueue_on(store)
        make_worker("orders", store).work(burst=True, logging_level="CRITICAL")

        assert list(send_again(store, "orders")) == [
            "orders: 1 events are on their way again", "orders: 1 jobs are queued again",
        ]  # fmt: skip
        assert store.xlen("events:payments") == 2
        queue = Queue("orders-tests", connection=store, serializer=JSONSerializer)
        assert queue.get_job_ids() == ["jam"]
        assert len(FailedJobRegistry(queue=queue, connection=store, serializer=JSONSerializer)) == 0
        assert list(describe(store)) == ["Nothing is parked."]

    @pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
    def test_shows_and_sends_again_the_others_whatever_redis_holds_of_a_job(self, store, spoil):
        fail_job(store)
        spoil(store)
        stuck.enqueue_on(store)
        make_worker("orders", store).work(burst=True, logging_level="CRITICAL")

        lines = list(describe(store))
        assert "orders: job stuck: RuntimeError: stuck" in lines
        assert [line for line in lines if line.startswith("orders: job jam: ")]
        list(send_again(store, "orders"))
        queue = Queue("orders-tests", connection=store, serializer=JSONSerializer)
        assert "stuck" in queue.get_job_ids()

    def test_takes_a_job_off_the_list_whose_data_is_gone(self, store):
        fail_job(store)
        store.delete("rq:job:jam")

        assert "its data is gone" in next(describe(store))
        assert list(send_again(store, "orders"))[1:] == [
            "orders: job jam is gone and is no longer listed", "orders: 0 jobs are queued again",
        ]  # fmt: skip
        assert list(describe(store)) == ["Nothing is parked."]

    def test_marks_a_failed_job_that_runs_again(self, store):
        fail_job(store)
        store.hset("rq:job:jam", "status", "started")

        assert next(describe(store)) == "orders: job jam: superseded, now started: RuntimeError: paper jam"

    def test_lists_a_failed_job_whose_work_a_sweep_did(self, store):
        """Redis cannot know it: the sweep does the work itself. The job is listed, and a line says so."""
        fail_job(store)
        swept.enqueue_on(store)
        make_worker("orders", store).work(burst=True, logging_level="CRITICAL")

        lines = list(describe(store))
        assert lines[:2] == ["orders: job jam: RuntimeError: paper jam", SWEPT]

    @pytest.mark.parametrize(
        "letter",
        [
            {b"event": b"\xff\xfe", b"reason": b"\xff", b"stream": b"events:payments"},
            {b"unreadable": b"\xff\xfe", b"reason": "größer".encode("latin-1"), b"stream": b"events:payments"},
            {b"event": b"[]"}, {b"event": b"5", b"reason": b"", b"stream": b""}, {b"event": b'{"name": ["a"]}'},
            {b"event": b"[" * 100_000}, {b"\xff": b"\xff"},
            {b"event": b"{}", b"reason": b"two\nlines \x1b[2J", b"stream": b"events:payments"},
        ],
    )  # fmt: skip
    def test_shows_a_dead_letter_of_any_shape_in_one_line(self, store, letter):
        store.xadd("dead:orders", letter)
        park_event(store)

        lines = list(describe(store))
        assert len(lines) == 3
        assert all(line.isprintable() for line in lines)
        list(send_again(store, "orders"))
        assert "orders: event payments.payment_declined.v1 of events:payments: KeyError: order" not in describe(store)

    def test_says_in_a_sentence_that_the_platform_does_not_run(self, monkeypatch, capsys):
        monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:9/0")

        assert main([]) == 2
        assert "make status" in capsys.readouterr().err
