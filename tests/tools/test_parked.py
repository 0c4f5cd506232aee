"""What could not be handled is shown with its reason, and sent round again when asked to."""

from __future__ import annotations

from collections.abc import Iterator

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
from tools.parked import describe, main, send_again


@job(queue="orders-tests", timeout=5)
def jam() -> None:
    raise RuntimeError("paper jam")


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

    def test_says_in_a_sentence_that_the_platform_does_not_run(self, monkeypatch, capsys):
        monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:9/0")

        assert main([]) == 2
        assert "make status" in capsys.readouterr().err
