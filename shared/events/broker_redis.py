"""The event broker on Redis Streams: a stream per publisher, a consumer group per subscriber, a dead-letter stream."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
import redis
from redis.exceptions import ResponseError

from shared.data.events import Envelope, EventUnreadable
from shared.data.redis_client import blocking_redis_from_url, redis_from_url
from shared.events.broker import MAX_ATTEMPTS, RETRY_BASE_SECONDS, Broker, Delivery, Message, Unreadable
from shared.events.catalog import READERS
from shared.events.streams import MOST_BYTES, Stream, again_key, answering, parked_key, place_of
from shared.observe.observability import get_logger

log = get_logger()

# A read blocks for a second on the server; Redis counts as unavailable after this timeout.
STREAM_SECONDS = 5.0
IDLE_MILLISECONDS = 24 * 3600 * 1000
MOST_DEAD_LETTERS = 10_000


class RedisBroker(Broker):
    """Publishes to `events:<publisher>`; `readers` are the subscribers of each publisher."""

    def __init__(
        self,
        connection: redis.Redis,
        *,
        blocking: redis.Redis | None = None,
        readers: Mapping[str, Sequence[str]] = READERS,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._redis = connection
        self._blocking = blocking or connection
        self._readers = readers
        self._most_bytes = most_bytes

    @answering()
    def publish(self, envelopes: Iterable[Envelope]) -> list[str]:
        """Append the events to the streams of their publishers, in one round trip; return their places."""
        pipeline = self._redis.pipeline(transaction=False)
        for envelope in envelopes:
            pipeline.xadd(f"events:{envelope.publisher}", {"event": orjson.dumps(envelope.to_document())})
        return [place_of(_text(entry)) for entry in pipeline.execute()]

    def window_of(self, publisher: str) -> Stream:
        return Stream(self._redis, publisher, self._readers.get(publisher), self._most_bytes)

    def subscribe(self, subscriber: str, publishers: Sequence[str], *, consumer: str) -> RedisSubscription:
        return RedisSubscription(self._blocking, subscriber, publishers, consumer)


def open_broker(redis_url: str) -> RedisBroker:
    """Return the broker at REDIS_URL, with a second connection with a longer timeout for reads."""
    return RedisBroker(redis_from_url(redis_url), blocking=blocking_redis_from_url(redis_url, seconds=STREAM_SECONDS))


class RedisSubscription:
    """
    Streams of some publishers, read as the consumer group `subscriber`; its dead letters are in `dead:<subscriber>`.

    A consumer of the group also claims messages that another consumer did not acknowledge.
    """

    def __init__(self, connection: redis.Redis, subscriber: str, publishers: Sequence[str], consumer: str) -> None:
        self._redis = connection
        self._group = subscriber
        self._consumer = consumer
        self._streams = [f"events:{publisher}" for publisher in publishers]
        self._dead = f"dead:{subscriber}"
        self._create_groups()

    @answering()
    def _create_groups(self) -> None:
        for stream in self._streams:
            try:
                self._redis.xgroup_create(stream, self._group, id="0", mkstream=True)
            except ResponseError as refusal:
                if "BUSYGROUP" not in str(refusal):
                    raise

    @answering()
    def receive(self, *, limit: int = 200, wait_seconds: float = 1.0) -> list[Delivery]:
        """Return messages whose retry is due, else new ones; wait at most `wait_seconds` for the first."""
        try:
            return self._due(limit) or self._new(limit, wait_seconds)
        except ResponseError as refusal:
            if "NOGROUP" not in str(refusal):
                raise
            log.warning("streams_recreated", subscriber=self._group)  # Redis lost its data
            self._create_groups()
            return []

    def _new(self, limit: int, wait_seconds: float) -> list[Delivery]:
        streams: dict[Any, Any] = dict.fromkeys(self._streams, ">")
        block = max(1, int(wait_seconds * 1000))
        answer: Any = self._redis.xreadgroup(self._group, self._consumer, streams, count=limit, block=block)
        pairs = answer.items() if isinstance(answer, dict) else answer or []
        return [_delivery(_text(stream), entry, 1) for stream, batch in pairs for entry in _entries(batch)]

    def _due(self, limit: int) -> list[Delivery]:
        due: list[Delivery] = []
        for stream in self._streams:
            pending: Any = self._redis.xpending_range(
                stream, self._group, min="-", max="+", count=limit, idle=int(RETRY_BASE_SECONDS * 1000)
            )
            ready = {
                each["message_id"]: each["times_delivered"] + 1
                for each in pending
                if each["time_since_delivered"] >= _backoff_milliseconds(each["times_delivered"])
            }
            if ready:
                claimed: Any = self._redis.xclaim(
                    stream, self._group, self._consumer, int(RETRY_BASE_SECONDS * 1000), list(ready)
                )
                due += [_delivery(stream, entry, ready[entry[0]]) for entry in claimed if entry[0] is not None]
                if any(entry[0] is None for entry in claimed):
                    self._forget_dropped(stream, ready.keys() - {entry[0] for entry in claimed})
        return due

    def _forget_dropped(self, stream: str, entries: Iterable[bytes]) -> None:
        """Acknowledge deliveries whose entry is gone from the stream: its publisher sends the event again."""
        gone = [each for each in entries if not self._redis.xrange(stream, each, each)]
        if gone:
            self._redis.xack(stream, self._group, *gone)

    @answering()
    def acknowledge(self, messages: Sequence[Message]) -> None:
        by_stream: dict[str, list[str]] = {}
        for message in messages:
            by_stream.setdefault(message.receipt[0], []).append(message.receipt[1])
        pipeline = self._redis.pipeline(transaction=False)
        for stream, receipts in by_stream.items():
            pipeline.xack(stream, self._group, *receipts)
        pipeline.execute()

    def hold(self) -> None:
        """Do nothing: on a laptop a service has one worker, which receives no messages while handlers run."""

    @answering()
    def release(self, messages: Sequence[Message]) -> None:
        for message in messages:
            stream, entry = message.receipt
            self._redis.xclaim(
                stream, self._group, self._consumer, 0, [entry],
                idle=IDLE_MILLISECONDS, retrycount=message.attempts - 1, justid=True,
            )  # fmt: skip

    @answering()
    def reject(self, message: Delivery, reason: str) -> None:
        """
        Keep the message pending for its next attempt; after the last attempt move it to the dead letters.

        With too many dead letters the message stays pending as well: a dead letter is never dropped.
        """
        if message.attempts < MAX_ATTEMPTS:
            return
        if int(self._redis.xlen(self._dead)) >= MOST_DEAD_LETTERS:
            log.error("dead_letters_full", subscriber=self._group, most=MOST_DEAD_LETTERS)
            return
        self._park(message, reason)

    def _park(self, message: Delivery, reason: str) -> None:
        """Move the message to the dead letters; its publisher keeps the event, and an event is listed once."""
        stream, entry = message.receipt
        log.error("event_parked", subscriber=self._group, stream=stream, entry=entry, reason=reason)
        letter: dict[Any, Any] = {**_content(message), b"reason": _bytes(reason[:500]), b"stream": stream.encode()}
        pipeline = self._redis.pipeline(transaction=True)
        if isinstance(message, Unreadable):
            pipeline.xadd(self._dead, letter)
        else:
            member = self._member(message.envelope.id)
            if not self._redis.sismember(parked_key(stream), member):
                pipeline.xadd(self._dead, letter)
                pipeline.sadd(parked_key(stream), member)
        pipeline.xack(stream, self._group, entry)
        pipeline.execute()

    def _member(self, event_id: str) -> str:
        return f"{self._group} {event_id}"

    @answering()
    def dead_letters(self, limit: int = 100) -> list[dict[str, str]]:
        """Return dead letters, oldest first, as {id, event, stream, reason}."""
        found: Any = self._redis.xrange(self._dead, count=limit)
        return [
            {"id": _text(entry), **{_text(key): _text(value) for key, value in fields.items()}}
            for entry, fields in found
        ]

    @answering()
    def redrive(self) -> int:
        """
        Append every readable dead letter to its stream again; return their number.

        The publisher of the event sends it once more, since Redis may lose this entry; the inbox skips the second.
        """
        found: Any = self._redis.xrange(self._dead, count=MOST_DEAD_LETTERS)
        letters = [(entry, fields) for entry, fields in found if {b"event", b"stream"} <= fields.keys()]
        pipeline = self._redis.pipeline(transaction=True)
        for entry, fields in letters:
            stream = _text(fields[b"stream"])
            pipeline.xadd(stream, {"event": fields[b"event"]})
            pipeline.xdel(self._dead, entry)
            event_id = _event_id(fields[b"event"])
            if event_id is not None:
                pipeline.srem(parked_key(stream), self._member(event_id))
                pipeline.sadd(again_key(stream), self._member(event_id))
        pipeline.execute()
        return len(letters)


def _event_id(content: bytes) -> str | None:
    try:
        return Envelope.from_document(orjson.loads(content)).id
    except (orjson.JSONDecodeError, EventUnreadable):
        return None


def _backoff_milliseconds(deliveries: int) -> float:
    return float(RETRY_BASE_SECONDS * 1000 * 2 ** (deliveries - 1))


def _entries(batch: Any) -> list[Any]:
    """Return the entries of one stream; with RESP3 redis-py wraps them in a further list."""
    return (
        list(batch[0])
        if batch and isinstance(batch[0], list) and batch[0] and isinstance(batch[0][0], tuple)
        else batch
    )


def _delivery(stream: str, entry: Any, attempts: int) -> Delivery:
    entry_id, fields = entry
    receipt = (stream, _text(entry_id))
    content = (fields or {}).get(b"event")
    if content is None:
        return Unreadable(receipt, repr(fields).encode(), "the entry has no field `event`", attempts)
    try:
        return Message(receipt, Envelope.from_document(orjson.loads(content)), attempts)
    except (orjson.JSONDecodeError, EventUnreadable) as fault:
        return Unreadable(receipt, content, str(fault), attempts)


def _content(message: Delivery) -> dict[bytes, bytes]:
    """Return the fields of a dead letter; only one with `event` can be delivered again."""
    if isinstance(message, Unreadable):
        return {b"unreadable": message.raw}
    return {b"event": orjson.dumps(message.envelope.to_document())}


def _bytes(text: str) -> bytes:
    return text.encode(errors="backslashreplace")


def _text(value: bytes | str) -> str:
    """Return the text of a value that may hold any bytes: what is not UTF-8 is shown as `\\xff`."""
    return value.decode(errors="backslashreplace") if isinstance(value, bytes) else value
