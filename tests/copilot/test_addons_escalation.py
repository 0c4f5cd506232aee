"""The escalation, executed: who is called when nobody acknowledges, and who is spared when somebody does."""

from __future__ import annotations

import copy
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
import requests

from tests.copilot.addons import merged, of_type

ALARM = "tradepost-test-critical-latency-p99"
RUNGS = ("responder", "lead", "owner")


def definition() -> dict[str, Any]:
    (machine,) = of_type(merged(), "AWS::StepFunctions::StateMachine").values()
    return copy.deepcopy(dict(machine["Properties"]["Definition"]))


def rule() -> dict[str, Any]:
    return dict(merged()["Resources"]["EscalationRule"]["Properties"])


def started_with(topics: dict[str, str], *, alarm: str = ALARM, arn: str = "arn:alarm") -> dict[str, Any]:
    """Return the input that the rule makes of an alarm's event."""
    text = rule()["Targets"][0]["InputTransformer"]["InputTemplate"]["Fn::Sub"]
    text = text.replace("<alarm>", json.dumps(alarm)).replace("<arn>", json.dumps(arn))
    return dict(json.loads(re.sub(r"\$\{(\w+)\}", lambda found: topics.get(found[1], found[1]), text)))


class TestRule:
    def test_calls_the_lead_after_10_minutes_and_the_owner_after_25(self):
        rungs = started_with({})["rungs"]
        moments = [sum(each["after_seconds"] for each in rungs[: at + 1]) for at in range(len(rungs))]
        assert dict(zip([each["who"] for each in rungs], moments, strict=True)) == {
            "responder": 0,
            "lead": 600,
            "owner": 1500,
        }
        assert [each["topic"] for each in rungs] == ["CriticalTopic", "LeadTopic", "OwnerTopic"]

    def test_starts_for_critical_alarms_that_begin(self):
        detail = rule()["EventPattern"]["detail"]
        assert detail["alarmName"] == [{"prefix": {"Fn::Sub": "${App}-${Env}-critical-"}}]
        assert detail["state"] == {"value": ["ALARM"]}

    def test_takes_name_and_arn_from_where_cloudwatch_puts_them(self):
        paths = rule()["Targets"][0]["InputTransformer"]["InputPathsMap"]
        assert paths == {"alarm": "$.detail.alarmName", "arn": "$.resources[0]"}


@pytest.fixture
def clients(aws: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    """Moto's AWS, which for once really executes state machines; their calls find it by its port."""
    monkeypatch.setenv("MOTO_PORT", aws.rpartition(":")[2])
    requests.post(f"{aws}/moto-api/config", json={"stepfunctions": {"execute_state_machine": True}}, timeout=5)
    yield boto3.client
    requests.post(f"{aws}/moto-api/config", json={"stepfunctions": {"execute_state_machine": False}}, timeout=5)


class Incident:
    """One alarm, a queue behind each topic, and an escalation whose waits are the caller's."""

    def __init__(self, clients: Callable[[str], Any], name: str) -> None:
        self._clients = clients
        self.alarm = f"tradepost-test-critical-{name}"
        alarms = clients("cloudwatch")
        alarms.put_metric_alarm(
            AlarmName=self.alarm,
            ComparisonOperator="GreaterThanThreshold",
            EvaluationPeriods=1,
            MetricName="m",
            Namespace="n",
            Period=60,
            Statistic="Sum",
            Threshold=1,
        )
        (found,) = alarms.describe_alarms(AlarmNames=[self.alarm])["MetricAlarms"]
        self.arn = found["AlarmArn"]
        self.becomes("ALARM")
        self._queues, self._topics = {}, {}
        for topic in ("CriticalTopic", "LeadTopic", "OwnerTopic"):
            self._topics[topic] = clients("sns").create_topic(Name=f"{name}-{topic}")["TopicArn"]
            queue = clients("sqs").create_queue(QueueName=f"{name}-{topic}")["QueueUrl"]
            attributes = clients("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
            clients("sns").subscribe(TopicArn=self._topics[topic], Protocol="sqs", Endpoint=attributes["QueueArn"])
            self._queues[topic] = queue

    def becomes(self, state: str) -> None:
        self._clients("cloudwatch").set_alarm_state(AlarmName=self.alarm, StateValue=state, StateReason="test")

    def acknowledge(self) -> None:
        tags = [{"Key": "acknowledged", "Value": "ada"}]
        self._clients("cloudwatch").tag_resource(ResourceARN=self.arn, Tags=tags)

    def climb(self, *waits: int) -> str:
        """Start the escalation with these waits in seconds; return the execution."""
        steps = self._clients("stepfunctions")
        machine = steps.create_state_machine(
            name=f"climb-{time.monotonic_ns()}",
            definition=json.dumps(definition()),
            roleArn="arn:aws:iam::123456789012:role/r",
        )["stateMachineArn"]
        given = started_with(self._topics, alarm=self.alarm, arn=self.arn)
        for rung, seconds in zip(given["rungs"], waits, strict=True):
            rung["after_seconds"] = seconds
        return str(steps.start_execution(stateMachineArn=machine, input=json.dumps(given))["executionArn"])

    def finish(self, execution: str) -> None:
        """Wait for the end, at most a minute, and insist on success."""
        steps = self._clients("stepfunctions")
        for _ in range(600):
            found = steps.describe_execution(executionArn=execution)
            if found["status"] != "RUNNING":
                break
            threading.Event().wait(0.1)
        assert found["status"] == "SUCCEEDED", steps.get_execution_history(executionArn=execution)["events"][-3:]

    def called(self) -> dict[str, str]:
        """Return what each of those called since the last look was told."""
        heard = {}
        for who, queue in zip(RUNGS, self._queues.values(), strict=True):
            answer = self._clients("sqs").receive_message(QueueUrl=queue)
            for message in answer.get("Messages", []):
                heard[who] = json.loads(message["Body"])["Message"]
        return heard

    def first_called(self) -> dict[str, str]:
        """Wait until somebody is called, at most half a minute; return as `called` does."""
        for _ in range(300):
            if heard := self.called():
                return heard
            threading.Event().wait(0.1)
        return {}


class TestClimb:
    def test_calls_all_three_when_nobody_acknowledges_and_says_how_to(self, clients):
        incident = Incident(clients, "silence")
        incident.finish(incident.climb(0, 0, 0))
        heard = incident.called()
        assert set(heard) == set(RUNGS)
        assert f"--resource-arn {incident.arn} --tags Key=acknowledged" in heard["lead"]
        assert heard["owner"].startswith(f"owner: {incident.alarm} is in ALARM")

    def test_calls_nobody_further_once_acknowledged(self, clients):
        incident = Incident(clients, "heard")
        execution = incident.climb(0, 5, 0)
        assert set(incident.first_called()) == {"responder"}
        incident.acknowledge()
        incident.finish(execution)
        assert incident.called() == {}

    def test_calls_nobody_further_once_it_is_over(self, clients):
        incident = Incident(clients, "over")
        execution = incident.climb(0, 5, 0)
        assert set(incident.first_called()) == {"responder"}
        incident.becomes("OK")
        incident.finish(execution)
        assert incident.called() == {}

    def test_takes_no_earlier_acknowledgement_for_a_new_one(self, clients):
        incident = Incident(clients, "stale")
        incident.acknowledge()
        incident.finish(incident.climb(0, 0, 0))
        assert set(incident.called()) == set(RUNGS)
