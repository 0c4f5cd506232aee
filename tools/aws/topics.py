"""Topics, queues, dead letters and filter policies, as Copilot makes them from the manifests of the workers."""

from __future__ import annotations

import os
from collections.abc import Iterable

import orjson

from shared.base.aws import client
from shared.events.broker import MAX_ATTEMPTS, BrokerFailed
from shared.events.broker_sqs import QueueSubscription, answering
from tools.aws.addresses import queue_name


def subscription_of(service: str) -> QueueSubscription:
    """Return a service's queue for an operator, found by its name; raise BrokerFailed when there is none."""
    name = queue_name(os.environ.get("TRADEPOST_ENV") or "demo", service)
    with answering():
        found = client("sqs").list_queues(QueueNamePrefix=name).get("QueueUrls")
    if not found:
        raise BrokerFailed(f"there is no queue {name}…")
    return QueueSubscription(found[0], service)


def make_topic(name: str) -> str:
    """Return the ARN of the topic, which may exist."""
    arn: str = client("sns").create_topic(Name=name)["TopicArn"]
    return arn


def make_queue(name: str, *, dead_letters: str) -> str:
    """Return the address of a new queue that parks in the queue `dead_letters` what five attempts did not settle."""
    sqs = client("sqs")
    policy = {"deadLetterTargetArn": _arn(sqs.create_queue(QueueName=dead_letters)["QueueUrl"])}
    policy["maxReceiveCount"] = str(MAX_ATTEMPTS)
    url: str = sqs.create_queue(
        QueueName=name, Attributes={"RedrivePolicy": orjson.dumps(policy).decode(), "VisibilityTimeout": "60"}
    )["QueueUrl"]
    return url


def subscribe(queue_url: str, topic_arn: str, events: Iterable[str]) -> None:
    """Let the named events of a topic into a queue, and no others."""
    client("sns").subscribe(
        TopicArn=topic_arn,
        Protocol="sqs",
        Endpoint=_arn(queue_url),
        Attributes={"FilterPolicy": orjson.dumps({"event": sorted(events)}).decode()},
    )


def _arn(queue_url: str) -> str:
    answer = client("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])
    arn: str = answer["Attributes"]["QueueArn"]
    return arn
