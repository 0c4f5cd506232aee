"""Lists dead-letter events and failed jobs, and retries those of a service."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

import orjson
import redis
from redis.exceptions import RedisError, ResponseError
from rq import Queue
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.job import Job, JobStatus
from rq.registry import FailedJobRegistry
from rq.serializers import JSONSerializer

from shared.base.workloads import REDIS_PORT, WORKLOADS, Kind
from shared.data.redis_client import redis_from_url
from shared.events.broker import BrokerFailed, Subscription
from shared.events.broker_redis import RedisBroker
from tools.aws.addresses import MOTO_PORT, sdk_environment
from tools.stores import redis_address
from tools.up.credentials import read_store_password
from tools.up.places import Places

SHOWN = 20
SWEPT = "A sweep may have done the work of a failed job since: a job is listed for a week, and may run twice."
SUBSCRIBERS = [each.package.rsplit(".", 1)[-1] for each in WORKLOADS if each.kind is Kind.WORKER]


def main(arguments: Sequence[str] | None = None) -> int:
    """List dead letters and failed jobs, or retry them; the exit status is 2 when a store does not answer."""
    parser = argparse.ArgumentParser(prog="make parked", description=__doc__)
    parser.add_argument("--again", choices=SUBSCRIBERS, help="retry the dead letters and failed jobs of this service")
    again = parser.parse_args(arguments).again
    offset = int(os.environ.get("PORT_OFFSET") or 0)
    if os.environ.get("AWS") == "moto":
        os.environ.update({"EVENT_BROKER": "sns"} | sdk_environment(MOTO_PORT + offset))
    store = redis_from_url(os.environ.get("REDIS_URL") or _own_address(REDIS_PORT + offset))
    try:
        sys.stdout.write("".join(f"{line}\n" for line in (send_again(store, again) if again else describe(store))))
    except (RedisError, BrokerFailed) as failure:
        sys.stderr.write(f"Redis or the broker does not answer ({failure}): does the platform run (make status)?\n")
        return 2
    return 0


def _own_address(port: int) -> str:
    """Return the address of this folder's own store."""
    return redis_address(port, read_store_password(Places.from_env()))


def describe(store: redis.Redis) -> Iterator[str]:
    """Return a line per parked event and failed job, the oldest first, at most twenty of each service."""
    has_events = has_jobs = False
    for service in SUBSCRIBERS:
        for letter in _letters_of(store, service).dead_letters(SHOWN):
            has_events = True
            yield _printable(f"{service}: event {_name(letter)} of {letter.get('stream')}: {letter.get('reason')}")
        for registry in _failed_of(store, service):
            for job_id in _job_ids(registry)[:SHOWN]:
                has_jobs = True
                yield _printable(f"{service}: job {_text(job_id)}: {_state(registry, job_id)}")
    if has_jobs:
        yield SWEPT
    yield "Fix the cause, then: make parked AGAIN=<service>" if has_events or has_jobs else "Nothing is parked."


def send_again(store: redis.Redis, service: str) -> Iterator[str]:
    """Retry the service's dead letters and failed jobs; handlers that succeeded are not run twice."""
    yield f"{service}: {_letters_of(store, service).redrive()} events are on their way again"
    requeued = 0
    for registry in _failed_of(store, service):
        for job_id in _job_ids(registry):
            try:
                registry.requeue(_text(job_id))
                requeued += 1
            except (NoSuchJobError, InvalidJobOperation):  # without its data it can never run: a sweep finds its work
                store.zrem(registry.key, job_id)
                yield _printable(f"{service}: job {_text(job_id)} is gone and is no longer listed")
            except Exception as fault:  # whatever stands in Redis, the other jobs go round
                _raise_if_away(fault)
                yield _printable(f"{service}: job {_text(job_id)} cannot be read: {type(fault).__name__}")
    yield f"{service}: {requeued} jobs are queued again"


def _letters_of(store: redis.Redis, service: str) -> Subscription:
    if os.environ.get("EVENT_BROKER") == "sns":
        letters: Subscription = import_module("tools.aws.topics").subscription_of(service)
        return letters
    return RedisBroker(store).subscribe(service, [], consumer="operator")


def _failed_of(store: redis.Redis, service: str) -> list[FailedJobRegistry]:
    """Return the registries of failed jobs, found by their keys: RQ's list of queues may lack one that has no jobs."""
    prefix = FailedJobRegistry.key_template.format("")
    names = sorted(
        {_text(key).removeprefix(prefix) for key in store.scan_iter(match=f"{prefix}{service}-*", count=1000)}
    )
    queues = [Queue(each, connection=store, serializer=JSONSerializer) for each in names]
    return [FailedJobRegistry(queue=each, connection=store, serializer=JSONSerializer) for each in queues]


def _job_ids(registry: FailedJobRegistry) -> list[bytes]:
    """Return the ids as they are stored, without those that have expired."""
    registry.cleanup()
    found: Any = registry.connection.zrange(registry.key, 0, -1)
    return list(found)


def _name(letter: dict[str, str]) -> str:
    try:
        return str(orjson.loads(letter["event"])["name"])
    except (KeyError, TypeError, ValueError):
        return "that cannot be read"


def _state(registry: FailedJobRegistry, job_id: bytes) -> str:
    """Return why the job failed, or what became of it since."""
    try:
        failed = Job.fetch(_text(job_id), connection=registry.connection, serializer=JSONSerializer)
        status = failed.get_status()
        reason = _reason(failed)
    except NoSuchJobError:
        return "its data is gone, for example since it ran again; AGAIN takes it off this list"
    except Exception as fault:  # whatever stands in Redis, the other jobs are shown
        _raise_if_away(fault)
        return f"cannot be read: {type(fault).__name__}"
    return reason if status == JobStatus.FAILED else f"superseded, now {status.value}: {reason}"


def _reason(failed: Job) -> str:
    result = failed.latest_result()
    lines = (result.exc_string or "").strip().splitlines() if result else []
    return lines[-1] if lines else "it said nothing"


def _raise_if_away(fault: Exception) -> None:
    if isinstance(fault, RedisError) and not isinstance(fault, ResponseError):
        raise fault


def _text(value: bytes) -> str:
    return value.decode(errors="backslashreplace")


def _printable(line: str) -> str:
    """Return the line with line breaks and control characters escaped: a terminal would carry them out."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in line)


if __name__ == "__main__":
    sys.exit(main())
