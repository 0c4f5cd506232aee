"""What a running sandbox holds: settings, store, faults and the webhook sender, one per application."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from flask import current_app

from tools.psp_sandbox.config import SandboxSettings
from tools.psp_sandbox.faults import Faults
from tools.psp_sandbox.store import Store
from tools.psp_sandbox.webhooks import WebhookSender

EXTENSION = "psp-sandbox"


@dataclass
class SandboxState:
    """The parts of one sandbox; `close()` stops its thread and closes its file."""

    settings: SandboxSettings
    store: Store
    sender: WebhookSender
    faults: Faults = field(default_factory=Faults)

    @classmethod
    def open(cls, settings: SandboxSettings) -> SandboxState:
        """Build the parts; the file opens at its first use."""
        store = Store(settings.state_dir)
        return cls(settings=settings, store=store, sender=WebhookSender(store, settings))

    def close(self) -> None:
        """Stop sending and close the state."""
        self.sender.stop()
        self.store.close()


def state() -> SandboxState:
    """The state of the application that serves this request."""
    return cast(SandboxState, current_app.extensions[EXTENSION])
