"""Composition root of the notifications service."""

from __future__ import annotations

from flask import Flask

from services.notifications.clients import Clients
from services.notifications.config import NotificationsSettings
from services.notifications.routes import blp
from shared.data.persistence import open_database
from shared.events import inbox
from shared.web.service import create_service
from shared.web.tokens import KeySource

SERVICE = "notifications"


def create_app(
    settings: NotificationsSettings | None = None, *, keys: KeySource | None = None, clients: Clients | None = None
) -> Flask:
    """Build the service; without arguments from the environment."""
    settings = settings or NotificationsSettings.from_env()
    database = open_database(SERVICE, settings, inbox.ensure_indexes)
    return create_service(
        SERVICE,
        settings,
        blueprints=[blp],
        database=database,
        clients=clients or Clients.build(settings),
        keys=keys,
    )
