"""AWS clients: limits from the table, and a test server instead of AWS."""

from __future__ import annotations

import pytest

from shared.base import aws
from shared.base.limits import limits_for


@pytest.mark.usefixtures("aws")
class TestClient:
    def test_calls_the_server_of_aws_endpoint_url(self):
        queue = aws.client("sqs").create_queue(QueueName="reached")["QueueUrl"]
        assert queue in aws.client("sqs").list_queues()["QueueUrls"]

    def test_is_created_once_per_process(self):
        assert aws.client("sqs") is aws.client("sqs")

    @pytest.mark.parametrize("service", ["s3", "sqs", "sns", "sesv2", "kms", "ssm", "secretsmanager"])
    def test_has_the_limits_of_the_table(self, service):
        limits, config = limits_for(service), aws.client(service).meta.config
        assert config.connect_timeout == limits.connect_timeout
        assert config.read_timeout == limits.read_timeout
        assert config.max_pool_connections == limits.pool
        assert config.retries == {"mode": "standard", "total_max_attempts": limits.attempts}
