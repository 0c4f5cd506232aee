"""AWS clients whose every call is bounded: time-outs, jittered retries and pool come from the table of limits."""

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
    Return this process's client of an AWS service (`s3`, `sqs`, …); it may be shared by threads.

    Region, credentials and AWS_ENDPOINT_URL (another server in AWS' place) are read by boto3 from the environment.
    """
    limits = limits_for(service)
    # `standard` backs off exponentially with full jitter; the attempts count the first try.
    config = Config(
        connect_timeout=limits.connect_timeout,
        read_timeout=limits.read_timeout,
        max_pool_connections=limits.pool,
        # Some APIs stand under a host of their own (data-servicediscovery); the server in AWS' place has only one.
        inject_host_prefix="AWS_ENDPOINT_URL" not in os.environ,
        retries={"mode": "standard", "total_max_attempts": limits.attempts},
    )
    return boto3.session.Session().client(service, config=config)
