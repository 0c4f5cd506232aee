"""Providers on a loopback port, and the identity of the service that calls them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask

from shared.calls import connections, resilience
from tests.factories.psp_sandbox import API_KEY, WEBHOOK_SECRET, RunningServer, WebhookReceiver, running_sandbox
from tests.support import Tokens


@dataclass(frozen=True)
class ServiceTokens:
    """The identity of a service, with tokens that this process signs."""

    tokens: Tokens
    service: str

    def headers(self, audience: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens.service(self.service, audience)}"}

    def renew(self, audience: str) -> bool:
        return False


@pytest.fixture
def identity_of(tokens: Tokens) -> Callable[[str], ServiceTokens]:
    return lambda service: ServiceTokens(tokens, service)


@pytest.fixture
def serve() -> Iterator[Callable[[Flask], str]]:
    """Serve an app in a thread of this process until the test ends; return its URL."""
    resilience.forget_upstreams()
    with ExitStack() as running:

        def start(app: Flask) -> str:
            server = RunningServer(app)
            running.callback(server.stop)
            return server.url

        yield start
        connections.close_pools()


@pytest.fixture
def real_products(make_app: Callable[..., Flask], tmp_path: Path) -> Flask:
    return make_app("products", storage_dir=str(tmp_path / "files"), workspace_dir=str(tmp_path / "workspace"))


@pytest.fixture
def real_payments(make_app: Callable[..., Flask], tmp_path: Path) -> Iterator[Flask]:
    """Payments beside the double of the card processor."""
    receiver = WebhookReceiver()
    with running_sandbox(tmp_path, receiver.url) as sandbox:
        yield make_app(
            "payments",
            psp_url=sandbox.url,
            psp_api_key=API_KEY,
            psp_webhook_secret=WEBHOOK_SECRET,
            public_customer_url="http://127.0.0.1:8081",
            public_gateway_url="http://127.0.0.1:8080",
        )
    receiver.stop()
