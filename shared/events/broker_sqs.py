"""The SQS queue of a subscriber: batches, visibility renewed while handlers run, dead letters by RedrivePolicy."""

from __future__ import annotations

import base64
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import orjson
from botocore.exceptions import BotoCoreError, ClientError

from shared.base.aws import client
from shared.data.events import Envelope, EventUnreadable
from shared.events.broker import MAX_ATTEMPTS, RETRY_BASE_SECONDS, BrokerFailed, Delivery, Message, Unreadable
from shared.observe.observability import get_logger

log = get_logger()

ENCODING = "zlib+base64"
MOST_PER_CALL = 10
CALLS_AT_ONCE = 4
# An SNS message has 256 KiB, of which zlib can make 256 MB: no event of ours is larger than this.
MOST_CONTENT_BYTES = 32 * 1024 * 1024
# Three times the deadline of a handler, so that the renewal between two handlers is in time.
VISIBLE_AFTER_SECONDS = 60
HELD_EVERY_SECONDS = 20.0
LOOKED_AT_SECONDS = 30


@contextmanager
def answering() -> Iterator[None]:
    """Raise errors of AWS and of the network as BrokerFailed."""
    try:
        yield
    except ClientError as refusal:
        raise BrokerFailed(f"{refusal.operation_name}: {refusal.response['Error']['Code']}") from refusal
    except BotoCoreError as failure:
        raise BrokerFailed(f"AWS: {type(failure).__name__}") from failure


class QueueSubscription:
    """The queue of one workload; filter policies select the events that it handles."""

    def __init__(self, queue_url: str, subscriber: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = queue_url
        self._subscriber = subscriber
        self._clock = clock
        self._calls = ThreadPoolExecutor(CALLS_AT_ONCE, thread_name_prefix="sqs")
        self._at_work: dict[str, dict[str, Any]] = {}
        self._held_at = 0.0

    def receive(self, *, limit: int = 200, wait_seconds: float = 1.0) -> list[Delivery]:
        """Wait for at most ten messages; only after a full ten fetch more, without waiting."""
        self._at_work = {}
        self._held_at = self._clock()
        found = fetched = self._fetch(min(limit, MOST_PER_CALL), int(wait_seconds))
        while len(fetched) >= MOST_PER_CALL and len(found) + MOST_PER_CALL <= limit:
            calls = min(CALLS_AT_ONCE, (limit - len(found)) // MOST_PER_CALL)
            fetched = [each for some in self._calls.map(self._fetch, [MOST_PER_CALL] * calls) for each in some]
            found = found + fetched
        return [self._delivery(entry) for entry in found]

    def _fetch(self, count: int, wait_seconds: int = 0) -> list[dict[str, Any]]:
        with answering():
            answer = client("sqs").receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=count,
                WaitTimeSeconds=wait_seconds,
                VisibilityTimeout=VISIBLE_AFTER_SECONDS,
                MessageSystemAttributeNames=["ApproximateReceiveCount"],
            )
        found: list[dict[str, Any]] = answer.get("Messages", [])
        return found

    def _delivery(self, entry: dict[str, Any]) -> Delivery:
        self._at_work[entry["MessageId"]] = entry
        receipt = (entry["MessageId"], entry["ReceiptHandle"])
        attempts = int(entry["Attributes"]["ApproximateReceiveCount"])
        try:
            return Message(receipt, read_envelope(entry["Body"]), attempts)
        except EventUnreadable as fault:
            return Unreadable(receipt, entry["Body"].encode(errors="backslashreplace"), str(fault), attempts)

    def hold(self) -> None:
        """Renew the visibility timeout of the batch (a minute) once a third of it has passed."""
        if self._clock() - self._held_at >= HELD_EVERY_SECONDS:
            self._held_at = self._clock()
            receipts = {each: entry["ReceiptHandle"] for each, entry in self._at_work.items()}
            self._show_again(receipts, seconds=VISIBLE_AFTER_SECONDS)

    def acknowledge(self, messages: Sequence[Message]) -> None:
        receipts = self._settled(messages)
        entries = [{"Id": each, "ReceiptHandle": receipt} for each, receipt in receipts.items()]
        self._in_tens("delete_message_batch", entries)

    def reject(self, message: Delivery, reason: str) -> None:
        """Schedule a retry; after its last attempt the message is visible at once and becomes a dead letter."""
        is_last = message.attempts >= MAX_ATTEMPTS
        if is_last:
            log.error("event_parked", subscriber=self._subscriber, entry=message.receipt[0], reason=reason)
        pause = 0 if is_last else int(RETRY_BASE_SECONDS * 2 ** (message.attempts - 1))
        self._show_again(self._settled([message]), seconds=pause)

    def release(self, messages: Sequence[Message]) -> None:
        """
        Send the messages again, then delete them; a crash in between sends a message twice and loses none.

        SQS counts every receive as an attempt: without a new message five stops in a row would make it a dead letter.
        """
        bodies = [self._at_work[each.receipt[0]]["Body"] for each in messages]
        list(self._calls.map(self._send, bodies))
        self.acknowledge(messages)

    def _send(self, body: str) -> None:
        with answering():
            client("sqs").send_message(QueueUrl=self._url, MessageBody=body)

    def dead_letters(self, limit: int = 100) -> list[dict[str, str]]:
        """Return dead letters; SQS stores no reason, the log has it under the id of the message (`entry`)."""
        return [
            {"id": each["MessageId"], "stream": self._url.rsplit("/", 1)[-1]} | _described(each["Body"])
            for each in self._parked(limit)
        ]

    def redrive(self) -> int:
        """Send every readable dead letter to the queue again; a crash in between sends one twice and loses none."""
        url = self._dead_letter_url()
        readable = [each for each in self._parked() if "event" in _described(each["Body"])]
        for each in readable:
            self._send(each["Body"])
            with answering():
                client("sqs").delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
        return len(readable)

    def _parked(self, limit: int = 10_000) -> list[dict[str, Any]]:
        """Return dead letters; they stay in their queue."""
        url = self._dead_letter_url()
        found: dict[str, dict[str, Any]] = {}
        while len(found) < limit:
            with answering():
                answer = client("sqs").receive_message(
                    QueueUrl=url, MaxNumberOfMessages=MOST_PER_CALL, VisibilityTimeout=LOOKED_AT_SECONDS
                )
            fetched = {each["MessageId"]: each for each in answer.get("Messages", [])}
            if fetched.keys() <= found.keys():  # the queue is empty, or the first messages are visible again
                break
            found |= fetched
        self._show_again({each: entry["ReceiptHandle"] for each, entry in found.items()}, seconds=0, url=url)
        return list(found.values())[:limit]

    def _dead_letter_url(self) -> str:
        with answering():
            answer = client("sqs").get_queue_attributes(QueueUrl=self._url, AttributeNames=["RedrivePolicy"])
            policy = answer.get("Attributes", {}).get("RedrivePolicy")
            if policy is None:
                raise BrokerFailed(f"The queue {self._url} has no dead-letter queue: its RedrivePolicy is missing")
            *_, account, name = orjson.loads(policy)["deadLetterTargetArn"].split(":")
            url: str = client("sqs").get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]
        return url

    def _settled(self, messages: Sequence[Delivery]) -> dict[str, str]:
        for message in messages:
            self._at_work.pop(message.receipt[0], None)
        return dict(message.receipt for message in messages)

    def _show_again(self, receipts: dict[str, str], *, seconds: int, url: str = "") -> None:
        entries = [
            {"Id": each, "ReceiptHandle": receipt, "VisibilityTimeout": seconds} for each, receipt in receipts.items()
        ]
        self._in_tens("change_message_visibility_batch", entries, url=url)

    def _in_tens(self, operation: str, entries: list[dict[str, Any]], *, url: str = "") -> None:
        """Call with ten entries at a time; SQS delivers the message of a failed entry again, and the inbox skips it."""

        def call(some: list[dict[str, Any]]) -> None:
            with answering():
                answer = getattr(client("sqs"), operation)(QueueUrl=url or self._url, Entries=some)
            for failed in answer.get("Failed", []):
                log.warning("sqs_entry_failed", operation=operation, entry=failed["Id"], reason=failed["Code"])

        list(self._calls.map(call, (entries[i : i + MOST_PER_CALL] for i in range(0, len(entries), MOST_PER_CALL))))


def read_envelope(body: str) -> Envelope:
    """Return the event of an SNS notification; raise EventUnreadable with the reason."""
    try:
        notification = orjson.loads(body)
        content: str | bytes = notification["Message"]
        if "encoding" in notification.get("MessageAttributes", {}):
            content = _unpacked(base64.b64decode(content))
        document = orjson.loads(content)
    except (ValueError, KeyError, TypeError, AttributeError, zlib.error) as fault:
        raise EventUnreadable(f"{type(fault).__name__}: {fault}") from fault
    return Envelope.from_document(document)


def _unpacked(packed: bytes) -> bytes:
    """Return the content; a packed content that is cut off or too large gives a part, which is not JSON."""
    return zlib.decompressobj().decompress(packed, MOST_CONTENT_BYTES)


def _described(body: str) -> dict[str, str]:
    try:
        envelope = read_envelope(body)
    except EventUnreadable as fault:
        return {"reason": f"unreadable: {fault}"}
    return {"event": orjson.dumps(envelope.to_document()).decode(), "reason": "see the log line event_parked"}
