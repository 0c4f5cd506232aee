"""The payments service beside a real double of the card processor; webhooks are delivered when a test says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from shared.calls import connections, resilience
from tests.factories.payments import Payments
from tests.factories.psp_sandbox import API_KEY, WEBHOOK_SECRET, Sandbox, WebhookReceiver, running_sandbox
from tests.support import Api


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    receiver = WebhookReceiver()
    yield receiver
    receiver.stop()


@pytest.fixture
def sandbox(tmp_path: Path, receiver: WebhookReceiver) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path, receiver.url) as sandbox:
        yield sandbox


@pytest.fixture
def payments_app(make_app: Callable[..., Flask], sandbox: Sandbox) -> Iterator[Flask]:
    resilience.forget_upstreams()
    yield make_app(
        "payments",
        psp_url=sandbox.url,
        psp_api_key=API_KEY,
        psp_webhook_secret=WEBHOOK_SECRET,
        public_customer_url="http://127.0.0.1:8081",
        public_gateway_url="http://127.0.0.1:8080",
    )
    connections.close_pools()


@pytest.fixture
def orders_side(payments_app: Flask, api: Callable[..., Api], sandbox: Sandbox) -> Payments:
    """The service as orders sees it: authorisations, and the events orders sends."""
    return Payments(payments_app, api(payments_app, service="orders"), sandbox)


@pytest.fixture
def buyer(payments_app: Flask, api: Callable[..., Api]) -> Api:
    return api(payments_app)


@pytest.fixture
def admin(payments_app: Flask, api: Callable[..., Api]) -> Api:
    return api(payments_app, role="merchant_admin")


@pytest.fixture
def webhooks(payments_app: Flask, api: Callable[..., Api]) -> Callable[[tuple[dict[str, str], str]], Any]:
    """Delivers a webhook that the receiver got to the payments service and returns the answer."""
    anonymous = api(payments_app, role=None)
    return lambda webhook: anonymous.post("/v1/webhooks/sandbox", headers=webhook[0], data=webhook[1])
