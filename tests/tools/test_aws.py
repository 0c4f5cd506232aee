"""`make up AWS=moto`: what is created in AWS' place, what workloads are told of it, and that it comes back."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from uuid import uuid4

import pytest

from shared.base import aws as clients
from shared.base.workloads import BY_NAME, WORKLOADS, Kind
from shared.data.events import Envelope, handlers_of
from shared.events.broker import Message
from shared.events.broker_sns import SnsBroker
from shared.events.catalog.payments import PaymentDeclined
from tests.tools.platform import eventually, running
from tools.aws import addresses
from tools.aws.resources import make_events, restore_key
from tools.aws.topics import subscription_of
from tools.stores import Stores
from tools.up.checks import StartRefused, check_aws
from tools.up.credentials import Credentials
from tools.up.places import Places
from tools.up.plan import Plan

STORES = Stores("mongodb://127.0.0.1:1/", "redis://127.0.0.1:1")
CREDENTIALS = Credentials({"orders": "s", "payments": "s", "notifications": "s"}, "", "", "")


@pytest.fixture
def environment(aws: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """An environment of the platform whose topics and queues are there."""
    name = f"t{uuid4().hex[:8]}"
    monkeypatch.setenv("TRADEPOST_ENV", name)
    make_events(name)
    return name


def told(workload: str, **environment: str) -> dict[str, str]:
    plan = Plan(Places(Path("/nowhere")), environment)
    return plan.environment_of(BY_NAME[workload], STORES, CREDENTIALS)


class TestResources:
    def test_every_worker_has_a_queue_for_exactly_the_events_it_handles(self, environment):
        for workload in WORKLOADS:
            if workload.kind is Kind.WORKER:
                service = workload.package.rsplit(".", 1)[-1]
                assert filters_of(environment, service) == set(handlers_of(service))

    def test_bring_an_event_from_its_publisher_to_who_handles_it(self, environment):
        topic = f"arn:aws:sns:{addresses.REGION}:{addresses.ACCOUNT}:{addresses.topic_name(environment, 'payments')}"
        event = PaymentDeclined(payment_id="pay_1", order_id="ord_1", reason="no")
        SnsBroker(topic_arn=topic).publish([Envelope.wrap(event, aggregate_id="pay_1", version=1)])

        taken = {service: subscription_of(service).receive(wait_seconds=0) for service in ("orders", "search")}
        assert [message.envelope.name for message in taken["orders"] if isinstance(message, Message)] == [
            PaymentDeclined.name
        ]
        assert taken["search"] == []

    def test_keep_one_key_though_moto_forgets_it(self, aws, tmp_path):
        restore_key(tmp_path / "key.json")
        sealed = clients.client("kms").encrypt(KeyId=addresses.KEY_ARN, Plaintext=b"a name")["CiphertextBlob"]
        restore_key(tmp_path / "key.json")

        assert clients.client("kms").decrypt(CiphertextBlob=sealed)["Plaintext"] == b"a name"
        assert (tmp_path / "key.json").stat().st_mode & 0o077 == 0


def filters_of(environment: str, service: str) -> set[str]:
    """Return the events that the subscriptions of a service's queue let in."""
    allowed: set[str] = set()
    for subscription in clients.client("sns").list_subscriptions()["Subscriptions"]:
        if subscription["Endpoint"].endswith(f":{addresses.queue_name(environment, service)}"):
            arn = subscription["SubscriptionArn"]
            attributes = clients.client("sns").get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
            allowed |= set(json.loads(attributes["FilterPolicy"])["event"])
    return allowed


class TestWhatWorkloadsAreTold:
    def test_is_nothing_of_aws_without_it(self):
        chosen = told("orders-worker", AWS_PROFILE="mine")

        assert chosen["AWS_PROFILE"] == "mine"
        assert not {"EVENT_BROKER", "KEY_BACKEND", "AWS_ENDPOINT_URL", "COPILOT_QUEUE_URI"} & set(chosen)

    def test_is_every_adapter_of_aws_and_where_it_is(self):
        chosen = told("notifications", AWS="moto")

        backends = {name: chosen[name] for name in chosen if name.endswith(("_BACKEND", "_BROKER"))}
        assert backends == {
            "EVENT_BROKER": "sns", "STORAGE_BACKEND": "s3", "EMAIL_BACKEND": "ses", "SMS_BACKEND": "sns",
            "KEY_BACKEND": "kms",
        }  # fmt: skip
        assert chosen["AWS_ENDPOINT_URL"] == "http://127.0.0.1:8085"

    def test_leads_nobody_to_the_callers_own_account(self):
        chosen = told("orders", AWS="moto", AWS_PROFILE="prod", AWS_SESSION_TOKEN="true", AWS_ACCESS_KEY_ID="true")

        assert "AWS_PROFILE" not in chosen
        assert "AWS_SESSION_TOKEN" not in chosen
        assert chosen["AWS_ACCESS_KEY_ID"] == "moto"

    def test_names_a_workers_own_queue_and_topic(self, environment):
        chosen = told("payments-worker", AWS="moto", TRADEPOST_ENV=environment)

        topic = json.loads(chosen["COPILOT_SNS_TOPIC_ARNS"])["events"]
        assert clients.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]["TopicArn"] == topic
        assert chosen["COPILOT_QUEUE_URI"].endswith(f"/tradepost-{environment}-payments-worker-EventsQueue")
        assert "COPILOT_QUEUE_URI" not in told("payments", AWS="moto")


class TestStart:
    def test_refuses_another_cloud_by_name(self):
        with pytest.raises(StartRefused, match="AWS is 'localstack'; it must be moto"):
            check_aws("localstack")
        check_aws("")

    def test_creates_everything_again_when_moto_dies(self, tmp_path, monkeypatch):
        with running(tmp_path / "state", AWS="moto", TRADEPOST_ENV="demo") as platform:
            monkeypatch.setenv("TRADEPOST_ENV", "demo")
            for name, value in addresses.sdk_environment(addresses.MOTO_PORT + platform.offset).items():
                monkeypatch.setenv(name, value)
            clients.client.cache_clear()
            assert "moto's, in memory" in platform.said()
            os.kill(platform.processes()["moto"]["pid"], signal.SIGKILL)

            assert eventually(lambda: platform.processes()["moto"]["restarts"] == 1)
            assert eventually(lambda: platform.processes()["moto"]["state"] == "ready")
            assert subscription_of("orders").receive(wait_seconds=0) == []
        clients.client.cache_clear()
