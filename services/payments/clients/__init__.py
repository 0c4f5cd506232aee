"""The outside world as payments sees it: one card processor, chosen by PSP_BACKEND."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import cast

from flask import current_app

from services.payments.clients.processor import CardProcessor
from services.payments.config import PaymentsSettings

# Loaded by name, so that an installation imports the adapter it uses and no other.
BACKENDS = {"sandbox": "services.payments.clients.sandbox", "none": "services.payments.clients.none"}


@dataclass(frozen=True)
class Clients:
    """What operations reach outside this service."""

    processor: CardProcessor

    @classmethod
    def build(cls, settings: PaymentsSettings) -> Clients:
        adapter = import_module(BACKENDS[settings.psp_backend])
        return cls(processor=adapter.build_processor(settings))


def clients() -> Clients:
    """The clients of the application at work."""
    return cast(Clients, current_app.extensions["tradepost_clients"])
