"""Composition root of the notifications service."""

from __future__ import annotations

from flask import Flask

from services.notifications.clients import Clients
from services.notifications.config import NotificationsSettings
from services.notifications.routes import blp
from shared.data.encryption import use_keys
from shared.data.persistence import DatabaseHandle
from shared.events import inbox
from shared.web.service import create_service
from shared.web.tokens import KeySource

SERVICE = "notifications"


def create_app(
    settings: NotificationsSettings | None = None, *, keys: KeySource | None = None, clients: Clients | None = None
) -> Flask:
    """Build the service; without arguments from the environment."""
    settings = settings or NotificationsSettings.from_env()
    use_keys(SERVICE, settings)
    database = DatabaseHandle(SERVICE, settings.mongodb_uri, pool=settings.mongodb_pool)
    inbox.ensure_indexes(SERVICE)
    return create_service(
        SERVICE,
        settings,
        blueprints=[blp],
        database=database,
        clients=clients or Clients.build(settings),
        keys=keys,
    )
