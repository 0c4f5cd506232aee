"""The event broker on AWS: an SNS topic per publisher, an SQS queue with dead letters per subscriber."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import orjson
from botocore.exceptions import ClientError

from shared.base.aws import client
from shared.base.errors import SettingsInvalid
from shared.base.settings import Settings
from shared.data.events import Envelope
from shared.events.broker import Broker, BrokerFailed, EventRejected, EventTooLarge
from shared.events.broker_sqs import ENCODING, QueueSubscription, answering

TOPIC = "events"
BATCH_EVENTS = 10
BATCH_BYTES = 256 * 1024
# An order of two thousand lines is larger than a message; compression reduces it to a tenth.
COMPRESSED_FROM_BYTES = 64 * 1024
CALLS_AT_ONCE = 4
TRACE_ATTRIBUTES = ("request_id", "traceparent", "tracestate")


@dataclass(frozen=True, kw_only=True)
class SnsSettings(Settings):
    """Variables that Copilot sets for a Worker Service: its topics as JSON (name to ARN), and the URL of its queue."""

    copilot_sns_topic_arns: str = "{}"
    copilot_queue_uri: str = ""


class SnsBroker(Broker):
    """Publishes to the topic `events` of the workload; subscribes to the queue of the workload."""

    def __init__(self, *, topic_arn: str = "", queue_url: str = "") -> None:
        self._topic_arn = topic_arn
        self._queue_url = queue_url
        self._calls = ThreadPoolExecutor(CALLS_AT_ONCE, thread_name_prefix="sns")

    def publish(self, envelopes: Iterable[Envelope]) -> list[str]:
        """
        Publish in batches of the size that SNS accepts; a failed entry fails the whole call.

        Raises EventRejected with the event that SNS calls invalid: a retry of it would fail as well.
        """
        if not self._topic_arn:
            raise BrokerFailed(f"COPILOT_SNS_TOPIC_ARNS names no topic {TOPIC!r}: this workload cannot publish")
        batches = list(
            _batches(_entry(envelope) for envelope in envelopes)
        )  # EventTooLarge is raised before the first call
        list(self._calls.map(self._publish, batches))
        return []

    def _publish(self, entries: list[dict[str, Any]]) -> None:
        # Numbers, since an event may be in a batch twice.
        numbered = [{**entry, "Id": str(number)} for number, entry in enumerate(entries)]
        with answering():
            try:
                answer = client("sns").publish_batch(TopicArn=self._topic_arn, PublishBatchRequestEntries=numbered)
            except ClientError as refusal:
                code = refusal.response["Error"]["Code"]
                if not _is_invalid(code):
                    raise
                self._publish_singly(entries, code)
                return
        if failed := answer.get("Failed"):
            for each in failed:
                if _is_invalid(each["Code"]):
                    raise _rejected(entries[int(each["Id"])], each["Code"])
            codes = sorted({each["Code"] for each in failed})
            raise BrokerFailed(f"SNS rejected {len(failed)} of {len(entries)} events: {', '.join(codes)}")

    def _publish_singly(self, entries: list[dict[str, Any]], code: str) -> None:
        """Publish each entry alone, to find which of them SNS rejects with `code`."""
        if len(entries) == 1:
            raise _rejected(entries[0], code)
        for entry in entries:
            self._publish([entry])

    def subscribe(self, subscriber: str, publishers: Sequence[str], *, consumer: str) -> QueueSubscription:
        """Return the queue of the workload; its SNS subscriptions decide which events it gets."""
        if not self._queue_url:
            raise SettingsInvalid(f"COPILOT_QUEUE_URI is missing: {subscriber} has no queue to read")
        return QueueSubscription(self._queue_url, subscriber)


def open_broker(redis_url: str) -> SnsBroker:
    """Return the broker of this workload; Copilot sets its addresses in the environment."""
    settings = SnsSettings.from_env()
    try:
        topics = orjson.loads(settings.copilot_sns_topic_arns)
    except orjson.JSONDecodeError:
        raise SettingsInvalid('COPILOT_SNS_TOPIC_ARNS must be JSON like {"events": "arn:…"}') from None
    return SnsBroker(topic_arn=topics.get(TOPIC, ""), queue_url=settings.copilot_queue_uri)


def _entry(envelope: Envelope) -> dict[str, Any]:
    """Return the entry for PublishBatch; filter policies match the attribute `event`, further ones hold the trace."""
    attributes = {name: value for name in TRACE_ATTRIBUTES if (value := envelope.trace.get(name))}
    attributes["event"] = envelope.name
    body = orjson.dumps(envelope.to_document())
    if len(body) >= COMPRESSED_FROM_BYTES:
        body = base64.b64encode(zlib.compress(body))
        attributes["encoding"] = ENCODING
    return {
        "Id": envelope.id,
        "Message": body.decode(),
        "MessageAttributes": {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()},
    }


def _is_invalid(code: str) -> bool:
    return code.startswith("InvalidParameter")


def _rejected(entry: dict[str, Any], code: str) -> EventRejected:
    return EventRejected(entry["Id"], f"SNS rejects the event {entry['Id']}: {code}")


def _batches(entries: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Yield batches of at most ten events and 256 KiB; raise EventTooLarge for an event that is larger alone."""
    batch: list[dict[str, Any]] = []
    size = 0
    for entry in entries:
        length = len(orjson.dumps(entry))
        if length > BATCH_BYTES:
            name = entry["MessageAttributes"]["event"]["StringValue"]
            reason = f"The event {entry['Id']} ({name}) has {length} bytes; SNS takes {BATCH_BYTES}"
            raise EventTooLarge(entry["Id"], reason)
        if len(batch) == BATCH_EVENTS or size + length > BATCH_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += length
    if batch:
        yield batch
