"""Both brokers for tests: open one, publish an unreadable message, make retries due."""

from __future__ import annotations

import base64
import os
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import urlsplit
from uuid import uuid4

import redis

from shared.base import aws
from shared.data.redis_client import redis_from_url
from shared.events.broker import Broker, Delivery
from shared.events.broker_redis import RedisBroker
from shared.events.broker_sns import SnsBroker
from shared.events.broker_sqs import ENCODING
from tests.shared.gate import Gate
from tests.shared.toys import SERVICE, NoteWritten
from tools.aws.topics import make_queue, make_topic, subscribe


class RedisTwin:
    """A broker on this worker's Redis, behind a gate."""

    def __init__(self, redis_url: str) -> None:
        address = urlsplit(redis_url)
        self.gate = Gate(address.port or 0)
        self._store = redis.Redis.from_url(redis_url)
        self.broker: Broker = RedisBroker(
            redis_from_url(address._replace(netloc=f"127.0.0.1:{self.gate.port}").geturl())
        )

    def put_rubbish(self, content: str) -> None:
        """Add an entry whose event is `content`."""
        self._store.xadd(f"events:{SERVICE}", {"event": content})

    def put_event(self, content: bytes) -> None:
        """Publish any bytes as a publisher would publish an event."""
        self._store.xadd(f"events:{SERVICE}", {"event": content})

    def make_due(self, messages: Sequence[Delivery]) -> None:
        """Make the deliveries a minute older, so that their next attempt is due."""
        for each in messages:
            stream, entry = each.receipt
            self._store.xclaim(stream, SERVICE, "one", 0, [entry], idle=60_000, retrycount=each.attempts, justid=True)


class SnsTwin:
    """A new topic and queue in moto, behind a gate."""

    def __init__(self, endpoint: str, event: str) -> None:
        self.gate = Gate(urlsplit(endpoint).port or 0)
        os.environ["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{self.gate.port}"
        aws.client.cache_clear()
        name = uuid4().hex
        self.topic_arn = make_topic(f"{name}-events")
        self.queue_url = make_queue(f"{name}-queue", dead_letters=f"{name}-dead")
        subscribe(self.queue_url, self.topic_arn, [event])
        self.broker: Broker = SnsBroker(topic_arn=self.topic_arn, queue_url=self.queue_url)

    def put_rubbish(self, content: str) -> None:
        """Add a message that is no notification of SNS."""
        aws.client("sqs").send_message(QueueUrl=self.queue_url, MessageBody=content)

    def put_event(self, content: bytes) -> None:
        """Publish any bytes as a publisher would publish an event: packed, since a message is text."""
        packed = base64.b64encode(zlib.compress(content)).decode()
        values = {"event": NoteWritten.name, "encoding": ENCODING}
        attributes = {name: {"DataType": "String", "StringValue": value} for name, value in values.items()}
        aws.client("sns").publish(TopicArn=self.topic_arn, Message=packed, MessageAttributes=attributes)

    def make_due(self, messages: Sequence[Delivery]) -> None:
        for each in messages:
            aws.client("sqs").change_message_visibility(
                QueueUrl=self.queue_url, ReceiptHandle=each.receipt[1], VisibilityTimeout=0
            )


Twin = RedisTwin | SnsTwin


@contextmanager
def behind_gate(twin: Twin) -> Iterator[Twin]:
    try:
        yield twin
    finally:
        twin.gate.shut()


@contextmanager
def sns_twin(endpoint: str, event: str = NoteWritten.name) -> Iterator[SnsTwin]:
    """Return a broker in the AWS at `endpoint`; its queue receives the events named `event`."""
    twin = SnsTwin(endpoint, event)
    try:
        yield twin
    finally:
        twin.gate.shut()
        os.environ["AWS_ENDPOINT_URL"] = endpoint
        aws.client.cache_clear()
