"""Events as the worker of notifications receives them from the broker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from shared.data.events import Envelope
from shared.data.redis_client import redis_from_url
from shared.events.broker_redis import RedisBroker
from shared.events.worker import Consumer
from tests.factories.notifications import Notifications, returned


@pytest.fixture
def work_off(notifications: Notifications, redis_url: str) -> Iterator[Callable[..., None]]:
    """Publish envelopes of orders, each in a batch of its own, and let worker and jobs handle them."""
    with redis_from_url(redis_url) as store:
        broker = RedisBroker(store)
        consumer = Consumer("notifications", broker.subscribe("notifications", ["orders"], consumer="one"))

        def work(*envelopes: Envelope) -> None:
            for envelope in envelopes:
                broker.publish([envelope])
                with notifications.app.app_context():
                    consumer.consume_once(wait_seconds=0.1)
            notifications.run_jobs()

        yield work


@pytest.fixture
def envelope() -> Envelope:
    return Envelope.wrap(returned(), aggregate_id="ord_1", version=3)


def test_a_return_becomes_one_mail_although_its_event_comes_twice(notifications, work_off, envelope):
    work_off(envelope, envelope)

    (mail,) = notifications.mails()
    assert mail["Subject"] == "Return received: order SO-000001"
    assert str(mail["To"]) == "Ann Acme <ann@acme.example>"


def test_a_return_recorded_before_events_named_the_buyer_goes_to_the_companys_contacts(
    notifications, work_off, envelope
):
    fields = {name: value for name, value in envelope.fields.items() if name not in {"placed_by", "acted_by"}}
    work_off(replace(envelope, fields=fields))

    assert sorted(str(mail["To"]) for mail in notifications.mails()) == [
        "Ann Acme <ann@acme.example>",
        "Bob Acme <bob@acme.example>",
    ]
