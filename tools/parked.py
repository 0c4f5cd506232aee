"""Lists dead-letter events and failed jobs, and retries those of a service."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module

import orjson
import redis
from redis.exceptions import RedisError
from rq import Queue
from rq.exceptions import NoSuchJobError
from rq.registry import FailedJobRegistry
from rq.serializers import JSONSerializer

from shared.base.workloads import REDIS_PORT, WORKLOADS, Kind
from shared.data.redis_client import redis_from_url
from shared.events.broker import BrokerFailed, Subscription
from shared.events.broker_redis import RedisBroker
from tools.aws.addresses import MOTO_PORT, sdk_environment

SHOWN = 20
SUBSCRIBERS = [each.package.rsplit(".", 1)[-1] for each in WORKLOADS if each.kind is Kind.WORKER]


def main(arguments: Sequence[str] | None = None) -> int:
    """List dead letters and failed jobs, or retry them; the exit status is 2 when a store does not answer."""
    parser = argparse.ArgumentParser(prog="make parked", description=__doc__)
    parser.add_argument("--again", choices=SUBSCRIBERS, help="retry the dead letters and failed jobs of this service")
    again = parser.parse_args(arguments).again
    offset = int(os.environ.get("PORT_OFFSET") or 0)
    if os.environ.get("AWS") == "moto":
        os.environ.update({"EVENT_BROKER": "sns"} | sdk_environment(MOTO_PORT + offset))
    store = redis_from_url(os.environ.get("REDIS_URL") or f"redis://127.0.0.1:{REDIS_PORT + offset}/0")
    try:
        sys.stdout.write("".join(f"{line}\n" for line in (send_again(store, again) if again else describe(store))))
    except (RedisError, BrokerFailed) as failure:
        sys.stderr.write(f"Redis or the broker does not answer ({failure}): does the platform run (make status)?\n")
        return 2
    return 0


def describe(store: redis.Redis) -> Iterator[str]:
    """Return a line per parked event and failed job, the oldest first, at most twenty of each service."""
    is_empty = True
    for service in SUBSCRIBERS:
        for letter in _letters_of(store, service).dead_letters(SHOWN):
            is_empty = False
            yield f"{service}: event {_name(letter)} of {letter.get('stream')}: {letter.get('reason')}"
        for registry in _failed_of(store, service):
            for job_id in registry.get_job_ids(0, SHOWN - 1):
                is_empty = False
                yield f"{service}: job {job_id}: {_reason(registry, job_id)}"
    yield "Nothing is parked." if is_empty else "Fix the cause, then: make parked AGAIN=<service>"


def send_again(store: redis.Redis, service: str) -> Iterator[str]:
    """Retry the service's dead letters and failed jobs; handlers that succeeded are not run twice."""
    yield f"{service}: {_letters_of(store, service).redrive()} events are on their way again"
    requeued = 0
    for registry in _failed_of(store, service):
        for job_id in registry.get_job_ids():
            registry.requeue(job_id)
            requeued += 1
    yield f"{service}: {requeued} jobs are queued again"


def _letters_of(store: redis.Redis, service: str) -> Subscription:
    if os.environ.get("EVENT_BROKER") == "sns":
        letters: Subscription = import_module("tools.aws.topics").subscription_of(service)
        return letters
    return RedisBroker(store).subscribe(service, [], consumer="operator")


def _failed_of(store: redis.Redis, service: str) -> list[FailedJobRegistry]:
    queues = [each for each in Queue.all(connection=store, serializer=JSONSerializer) if each.name.startswith(service)]
    return [FailedJobRegistry(queue=each, connection=store, serializer=JSONSerializer) for each in queues]


def _name(letter: dict[str, str]) -> str:
    try:
        return str(orjson.loads(letter["event"])["name"])
    except (KeyError, TypeError, orjson.JSONDecodeError):
        return "that cannot be read"


def _reason(registry: FailedJobRegistry, job_id: str) -> str:
    try:
        result = registry.job_class.fetch(
            job_id, connection=registry.connection, serializer=JSONSerializer
        ).latest_result()
    except NoSuchJobError:
        return "no longer stored"
    lines = (result.exc_string or "").strip().splitlines() if result else []
    return lines[-1] if lines else "it said nothing"


if __name__ == "__main__":
    sys.exit(main())
