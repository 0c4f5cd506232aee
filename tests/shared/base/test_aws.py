"""AWS clients: bounded by the table of limits, and reaching whatever server stands in AWS' place."""

from __future__ import annotations

import pytest

from shared.base import aws
from shared.base.limits import limits_for


@pytest.mark.usefixtures("aws")
class TestClient:
    def test_reaches_the_server_in_aws_place(self):
        queue = aws.client("sqs").create_queue(QueueName="reached")["QueueUrl"]
        assert queue in aws.client("sqs").list_queues()["QueueUrls"]

    def test_is_made_once_per_process(self):
        assert aws.client("sqs") is aws.client("sqs")

    @pytest.mark.parametrize("service", ["s3", "sqs", "sns", "sesv2", "kms", "ssm", "secretsmanager"])
    def test_is_bounded_by_the_table(self, service):
        limits, config = limits_for(service), aws.client(service).meta.config
        assert config.connect_timeout == limits.connect_timeout
        assert config.read_timeout == limits.read_timeout
        assert config.max_pool_connections == limits.pool
        assert config.retries == {"mode": "standard", "total_max_attempts": limits.attempts}
