"""Moto's server in AWS' place: the adapters talk HTTP to it, as they would to AWS."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from moto.server import ThreadedMotoServer

from shared.base import aws as clients

REGION = "us-east-1"


@contextmanager
def aws_on_loopback() -> Iterator[str]:
    """Serve an empty AWS on a free port, name it in this process's environment, and return its address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    given = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    clients.client.cache_clear()
    try:
        yield endpoint
    finally:
        clients.client.cache_clear()
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})
        server.stop()


@pytest.fixture(scope="session")
def aws() -> Iterator[str]:
    """Moto's address, for a session; boto3 finds it by itself, and everything in it is empty at first."""
    with aws_on_loopback() as endpoint:
        yield endpoint
