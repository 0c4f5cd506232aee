"""What tests of the tools share: the processor's double, its webhook receiver, and connections kept for others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared.data.persistence import connect, connected_services
from tests.factories.psp_sandbox import Sandbox, WebhookReceiver, running_sandbox


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
def keep_others_connected(mongodb_url: Callable[[str], str]) -> Iterator[None]:
    """Connect again, after the test, the services of other tests."""
    before = connected_services()
    yield
    for service in before:
        connect(service, mongodb_url(service))
