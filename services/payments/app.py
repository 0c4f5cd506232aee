"""Composition root of the payments service."""

from __future__ import annotations

from flask import Flask

from services.payments.cards.routes import blp as cards_blp
from services.payments.cards.routes import internal_blp, webhooks_blp
from services.payments.clients import Clients
from services.payments.comparison.routes import blp as comparison_blp
from services.payments.config import PaymentsSettings
from services.payments.payments.routes import blp as payments_blp
from shared.data import older_copies
from shared.data.persistence import open_database
from shared.events import backlog, inbox
from shared.web import idempotency
from shared.web.service import create_service
from shared.web.tokens import KeySource

SERVICE = "payments"


def create_app(
    settings: PaymentsSettings | None = None, *, keys: KeySource | None = None, clients: Clients | None = None
) -> Flask:
    """Build the service; without arguments from the environment."""
    settings = settings or PaymentsSettings.from_env()
    database = open_database(SERVICE, settings, idempotency.ensure_indexes, inbox.ensure_indexes)
    return create_service(
        SERVICE,
        settings,
        blueprints=[payments_blp, cards_blp, webhooks_blp, internal_blp, comparison_blp],
        database=database,
        clients=clients or Clients.build(settings),
        keys=keys,
        notices={
            "events": backlog.notice_of(SERVICE, settings),
            "copies": older_copies.notice_of(SERVICE),
        },
    )
