"""Behaviour of SNS and SQS only: attributes, filters, batch sizes, partial failures, visibility of a batch."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import orjson
import pytest

from shared.base import aws as clients
from shared.base.errors import SettingsInvalid
from shared.data.events import Envelope, Event
from shared.events.broker import BrokerFailed, EventRejected, open_broker
from shared.events.broker_sns import SnsBroker
from shared.events.broker_sqs import HELD_EVERY_SECONDS, QueueSubscription
from shared.observe.tracing import continued_trace
from tests.shared.brokers import SnsTwin, sns_twin
from tests.shared.events.test_broker import envelope, take, texts
from tests.shared.faulty_server import FaultyServer, Reply
from tests.shared.toys import SERVICE

REFUSED_IN_PART = b"""<PublishBatchResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishBatchResult>
<Successful><member><Id>a</Id><MessageId>1</MessageId></member></Successful>
<Failed><member><Id>b</Id><Code>Throttled</Code><SenderFault>false</SenderFault></member></Failed>
</PublishBatchResult></PublishBatchResponse>"""

INVALID_IN_PART = REFUSED_IN_PART.replace(b"<Id>b<", b"<Id>1<").replace(b"Throttled", b"InvalidParameter")
INVALID = b"""<ErrorResponse><Error><Type>Sender</Type><Code>InvalidParameter</Code><Message>no</Message></Error>
<RequestId>1</RequestId></ErrorResponse>"""


@dataclass(frozen=True)
class NotePinned(Event):
    name: ClassVar[str] = "toys.note_pinned.v1"


@pytest.fixture
def twin(aws: str) -> Iterator[SnsTwin]:
    with sns_twin(aws) as twin:
        yield twin


@pytest.fixture
def subscription(twin: SnsTwin) -> QueueSubscription:
    return QueueSubscription(twin.queue_url, SERVICE)


def raw_messages(twin: SnsTwin) -> list[dict[str, Any]]:
    """Return the notifications in the queue as SNS wrote them."""
    answer = clients.client("sqs").receive_message(QueueUrl=twin.queue_url, MaxNumberOfMessages=10)
    return [orjson.loads(each["Body"]) for each in answer.get("Messages", [])]


class TestPublishing:
    def test_has_event_name_and_trace_in_attributes(self, twin):
        with continued_trace({"request_id": "req-from-a-browser", "traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}):
            sent = envelope()
        twin.broker.publish([sent])

        attributes = {name: each["Value"] for name, each in raw_messages(twin)[0]["MessageAttributes"].items()}
        assert attributes == {"event": "toys.note_written.v1", **sent.trace}

    def test_filters_events_without_a_handler(self, twin, subscription):
        other = Envelope.wrap(NotePinned(), aggregate_id="note_1", version=1)
        twin.broker.publish([other, envelope("wanted")])

        assert texts(take(subscription)) == ["wanted"]

    def test_splits_batches_that_are_too_large_for_one_call(self, twin, subscription):
        # Random text does not compress: each takes more than half of what SNS takes at once.
        large = [secrets.token_hex(100_000) for _ in range(3)]
        twin.broker.publish(envelope(text) for text in large)

        received: list[str] = []
        while messages := take(subscription):
            received += texts(messages)
        assert sorted(received) == sorted(large)

    def test_compresses_large_events(self, twin, subscription):
        twin.broker.publish([envelope("two thousand lines " * 20_000)])

        assert texts(take(subscription)) == ["two thousand lines " * 20_000]

    def test_refuses_an_event_larger_than_a_message(self, twin, subscription):
        giant = envelope(secrets.token_hex(300_000))

        with pytest.raises(BrokerFailed, match=rf"The event {giant.id} \(toys.note_written.v1\) has \d+ bytes"):
            twin.broker.publish([giant])

    def test_fails_when_sns_rejects_a_part(self, twin):
        server = FaultyServer()
        server.default = Reply(body=REFUSED_IN_PART, headers={"Content-Type": "text/xml"})
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_ENDPOINT_URL", server.url)
            clients.client.cache_clear()
            with pytest.raises(BrokerFailed, match="SNS rejected 1 of 2 events: Throttled"):
                twin.broker.publish([replace(envelope(), id="a"), replace(envelope(), id="b")])
        server.close()

    @pytest.mark.parametrize("status", [200, 400])
    def test_names_the_event_that_sns_calls_invalid(self, twin, status):
        server = FaultyServer()
        content = {"Content-Type": "text/xml"}
        if status == 200:
            server.default = Reply(body=INVALID_IN_PART, headers=content)
        else:
            server.default = Reply(status, body=INVALID, headers=content)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_ENDPOINT_URL", server.url)
            clients.client.cache_clear()
            with pytest.raises(EventRejected, match="InvalidParameter") as caught:
                twin.broker.publish([replace(envelope(), id="a"), replace(envelope(), id="b")])
        server.close()
        assert caught.value.event_id == ("b" if status == 200 else "a")

    def test_needs_a_topic(self):
        with pytest.raises(BrokerFailed, match="COPILOT_SNS_TOPIC_ARNS"):
            SnsBroker().publish([envelope()])


class TestHolding:
    def test_keeps_a_batch_invisible_while_handlers_run(self, twin):
        times = iter([0.0, HELD_EVERY_SECONDS, HELD_EVERY_SECONDS])
        subscription = QueueSubscription(twin.queue_url, SERVICE, clock=lambda: next(times))
        twin.broker.publish([envelope("slow"), envelope("done")])
        slow, done = sorted(take(subscription), key=lambda each: each.envelope.fields["text"], reverse=True)
        subscription.acknowledge([done])
        twin.make_due([slow])
        subscription.hold()

        assert take(QueueSubscription(twin.queue_url, SERVICE)) == []

    def test_does_not_call_sqs_between_quick_handlers(self, twin):
        subscription = QueueSubscription(twin.queue_url, SERVICE, clock=lambda: 0.0)
        twin.broker.publish([envelope()])
        twin.make_due(take(subscription))
        subscription.hold()

        assert texts(take(QueueSubscription(twin.queue_url, SERVICE))) == ["hello"]


class TestAddresses:
    def test_come_from_the_variables_of_copilot(self, twin, monkeypatch):
        monkeypatch.setenv("COPILOT_SNS_TOPIC_ARNS", orjson.dumps({"events": twin.topic_arn}).decode())
        monkeypatch.setenv("COPILOT_QUEUE_URI", twin.queue_url)
        broker = open_broker("sns", "redis://unused")
        broker.publish([envelope()])

        assert texts(take(broker.subscribe(SERVICE, [SERVICE], consumer="one"))) == ["hello"]

    def test_are_named_when_missing(self, monkeypatch):
        monkeypatch.delenv("COPILOT_QUEUE_URI", raising=False)
        with pytest.raises(SettingsInvalid, match="COPILOT_QUEUE_URI is missing"):
            open_broker("sns", "").subscribe(SERVICE, [SERVICE], consumer="one")
        monkeypatch.setenv("COPILOT_SNS_TOPIC_ARNS", "arn:aws:sns:us-east-1:1:events")
        with pytest.raises(SettingsInvalid, match="COPILOT_SNS_TOPIC_ARNS must be JSON"):
            open_broker("sns", "")
