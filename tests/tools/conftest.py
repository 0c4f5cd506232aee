"""The processor's double and its webhook receiver for the tests of the tools."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

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
