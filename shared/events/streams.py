"""The Redis stream of one publisher: its size, and what every subscriber has acknowledged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import redis
from redis.exceptions import RedisError, ResponseError

from shared.events.broker import BrokerFailed, Review
from shared.observe.observability import get_logger

log = get_logger()

# Three publishers; Redis has 256 MB, of which sessions, queues and counters need the rest.
MOST_BYTES = 24 * 1024 * 1024
# A subscriber that read nothing for so long, with events to read, does not run.
ABSENT_MILLISECONDS = 2 * 60 * 1000
# Only consumers without unacknowledged messages: their group would lose these, and they would never be delivered again.
DROP_CONSUMERS = """
local dropped = 0
for _, fields in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local consumer = {}
  for i = 1, #fields, 2 do consumer[fields[i]] = fields[i + 1] end
  if consumer['pending'] == 0 and consumer['idle'] > tonumber(ARGV[2]) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], consumer['name'])
    dropped = dropped + 1
  end
end
return dropped
"""
WHICH_EXIST = """
local found = {}
for i, entry in ipairs(ARGV) do
  found[i] = #redis.call('XRANGE', KEYS[1], entry, entry)
end
return found
"""
DEAD_CONSUMER_MILLISECONDS = 3600 * 1000

Place = tuple[int, int]
START: Place = (0, 0)


def parked_key(stream: str) -> str:
    """Return the key of the set of events that are dead letters, as `<subscriber> <event id>`."""
    return f"parked:{stream}"


def again_key(stream: str) -> str:
    """Return the key of the set of parked events that an operator sends again."""
    return f"again:{stream}"


@contextmanager
def answering() -> Iterator[None]:
    """Raise errors of Redis as BrokerFailed."""
    try:
        yield
    except RedisError as failure:
        raise BrokerFailed(f"Redis: {type(failure).__name__}") from failure


class Stream:
    """
    The stream `events:<publisher>`; `readers` are its subscribers.

    Redis may lose any of it: an event counts as acknowledged only while its entry is there to prove it.
    """

    def __init__(
        self,
        connection: redis.Redis,
        publisher: str,
        readers: Sequence[str] | None,
        most_bytes: int = MOST_BYTES,
        *,
        dead_after_milliseconds: int = DEAD_CONSUMER_MILLISECONDS,
    ) -> None:
        self._redis = connection
        self.key = f"events:{publisher}"
        self._readers = readers
        self._most_bytes = most_bytes
        self._dead_after = dead_after_milliseconds
        self._which_exist = connection.register_script(WHICH_EXIST)
        self._drop_consumers = connection.register_script(DROP_CONSUMERS)

    @answering()
    def size(self) -> int:
        """Return the bytes that the stream takes in Redis."""
        found: Any = self._redis.memory_usage(self.key)
        return int(found or 0)

    def room(self) -> float:
        """Return the share of the stream's bytes that is free; 0 for a full stream."""
        return max(0.0, 1 - self.size() / self._most_bytes)

    @answering()
    def make_room(self) -> bool:
        """
        Drop what only subscribers that do not run have left to read; return whether there is room then.

        Such a subscriber finds these events later: they are published again when there is room.
        """
        groups = self._groups().values()
        running = [each for each in groups if self._is_running(each)]
        if running and len(running) < len(groups):
            dropped = self._trim(min(self._reached(each) for each in running))
            if dropped:
                log.warning("events_dropped_from_stream", stream=self.key, count=dropped)
        return self.room() > 0

    @answering()
    def behind(self) -> list[str]:
        """Return the subscribers that have not acknowledged all entries."""
        last: Any = self._redis.xrevrange(self.key, count=1)
        end = _place(_text(last[0][0])) if last else START
        groups = self._groups()
        return [each for each in self._readers or groups if each not in groups or self._reached(groups[each]) < end]

    @answering()
    def acknowledged_up_to(self) -> str:
        """Return the place up to which each subscriber has acknowledged each entry."""
        groups = self._groups()
        if self._readers is not None and not groups.keys() >= set(self._readers):
            self._create_groups(set(self._readers) - groups.keys())
            return place_of(START)
        wanted = groups.keys() if self._readers is None else self._readers
        return place_of(min((self._reached(groups[each]) for each in wanted), default=START))

    @answering()
    def review(self, events: Sequence[tuple[str, str]], up_to: str) -> Review:
        """
        Return which of the events, given as (id, place), are acknowledged by all, and which are lost.

        `up_to` was read before: the existence of an entry is looked up after it, so that an entry that was lost in
        between, and with it what the subscribers acknowledged, is never taken for acknowledged.
        """
        again, parked = self._marked(again_key(self.key)), self._marked(parked_key(self.key))
        exists: Any = self._which_exist(keys=[self.key], args=[_entry(place) for _, place in events])
        acknowledged: list[str] = []
        lost: list[str] = []
        for (event_id, place), is_there in zip(events, exists, strict=True):
            if event_id in again:
                lost.append(event_id)
            elif event_id not in parked:
                if not is_there:
                    lost.append(event_id)
                elif place <= up_to:
                    acknowledged.append(event_id)
        return Review(acknowledged, lost)

    @answering()
    def trim(self, up_to: str) -> None:
        """Drop the entries up to a place that every subscriber has acknowledged."""
        self._trim(_place(_entry(up_to)))

    @answering()
    def published_again(self, event_ids: Sequence[str]) -> None:
        """Take the events off the list of those that an operator sends again."""
        gone = set(event_ids)
        key = again_key(self.key)
        members: Any = self._redis.smembers(key)
        if done := [each for each in members if _event_of(each) in gone]:
            self._redis.srem(key, *done)

    @answering()
    def drop_dead_consumers(self) -> int:
        """Remove consumers that ended without a message left to acknowledge; return their number."""
        groups = self._groups()
        return sum(int(self._drop_consumers(keys=[self.key], args=[each, self._dead_after])) for each in groups)

    def _marked(self, key: str) -> set[str]:
        members: Any = self._redis.smembers(key)
        return {_event_of(each) for each in members}

    def _groups(self) -> dict[str, dict[str, Any]]:
        try:
            groups: Any = self._redis.xinfo_groups(self.key)
        except ResponseError as refusal:
            if "no such key" not in str(refusal):
                raise
            return {}
        return {_text(each["name"]): each for each in groups}

    def _create_groups(self, names: set[str]) -> None:
        for name in names:
            try:
                self._redis.xgroup_create(self.key, name, id="0", mkstream=True)
            except ResponseError as refusal:
                if "BUSYGROUP" not in str(refusal):
                    raise

    def _reached(self, group: dict[str, Any]) -> Place:
        """Return the place up to which a group has acknowledged each entry."""
        reached = _place(_text(group["last-delivered-id"]))
        if not group["pending"]:
            return reached
        summary: Any = self._redis.xpending(self.key, _text(group["name"]))
        first = summary["min"]
        return reached if first is None else _before(_place(_text(first)))

    def _is_running(self, group: dict[str, Any]) -> bool:
        """Return whether a consumer of the group read lately, or has nothing left to read."""
        last: Any = self._redis.xrevrange(self.key, count=1)
        if not last or _place(_text(last[0][0])) <= self._reached(group):
            return True
        consumers: Any = self._redis.xinfo_consumers(self.key, _text(group["name"]))
        return any(each["idle"] < ABSENT_MILLISECONDS for each in consumers)

    def _trim(self, up_to: Place) -> int:
        first_kept = f"{up_to[0]}-{up_to[1] + 1}"
        dropped: Any = self._redis.xtrim(self.key, minid=first_kept, approximate=False)
        return int(dropped)


def place_of(entry: str | Place) -> str:
    """Return an entry's id as text that sorts as the entries of the stream do."""
    milliseconds, number = _place(entry) if isinstance(entry, str) else entry
    return f"{milliseconds:020}-{number:020}"


def _entry(place: str) -> str:
    milliseconds, number = place.split("-")
    return f"{int(milliseconds)}-{int(number)}"


def _place(entry: str) -> Place:
    milliseconds, number = entry.split("-")
    return int(milliseconds), int(number)


def _before(place: Place) -> Place:
    milliseconds, number = place
    return (milliseconds, number - 1) if number else (milliseconds - 1, 2**64 - 1)


def _event_of(member: bytes) -> str:
    return _text(member).split(" ", 1)[1]


def _text(value: bytes | str) -> str:
    return value.decode(errors="backslashreplace") if isinstance(value, bytes) else value
