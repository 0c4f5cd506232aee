"""AWS clients whose timeouts, jittered retries and pool come from the table of limits."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from shared.base.limits import limits_for


@cache
def client(service: str) -> Any:
    """
    Return the client of an AWS service (`s3`, `sqs`, …), one per process and service; it is safe for threads.

    boto3 reads region, credentials and AWS_ENDPOINT_URL (a test server instead of AWS) from the environment.
    """
    limits = limits_for(service)
    # `standard` retries with exponential backoff and full jitter; `total_max_attempts` includes the first attempt.
    config = Config(
        connect_timeout=limits.connect_timeout,
        read_timeout=limits.read_timeout,
        max_pool_connections=limits.pool,
        # Some APIs have a host prefix (data-servicediscovery); a test server has one host only.
        inject_host_prefix="AWS_ENDPOINT_URL" not in os.environ,
        retries={"mode": "standard", "total_max_attempts": limits.attempts},
    )
    return boto3.session.Session().client(service, config=config)
