"""A gateway in front of tiny upstreams."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from services.gateway.policy import UPSTREAMS
from shared.calls.connections import close_pools
from tests.services.gateway.upstreams import FakeUpstream, Respond, echo
from tests.support import Api


@pytest.fixture
def start_upstream() -> Iterator[Callable[..., FakeUpstream]]:
    running: list[FakeUpstream] = []

    def start(respond: Respond = echo) -> FakeUpstream:
        running.append(FakeUpstream(respond))
        return running[-1]

    yield start
    for each in running:
        each.close()


@pytest.fixture
def upstream(start_upstream: Callable[..., FakeUpstream]) -> FakeUpstream:
    """Stands for every service that a test does not give an address of its own."""
    return start_upstream()


@pytest.fixture
def make_gateway(make_app: Callable[..., Flask], upstream: FakeUpstream) -> Iterator[Callable[..., Flask]]:
    made: list[Flask] = []

    def make(**settings: Any) -> Flask:
        urls = {f"{name}_url": upstream.url for name in UPSTREAMS}
        made.append(make_app("gateway", **{**urls, **settings}))
        return made[-1]

    yield make
    for app in made:
        app.extensions["gateway"]["limiter"].close()
    close_pools()


@pytest.fixture
def gateway(make_gateway: Callable[..., Flask]) -> Flask:
    return make_gateway()


@pytest.fixture
def buyer(api: Callable[..., Api], gateway: Flask) -> Api:
    return api(gateway, role="buyer")


@pytest.fixture
def staff(api: Callable[..., Api], gateway: Flask) -> Api:
    return api(gateway, role="merchant_admin")
