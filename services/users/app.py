"""Composition root of the users service."""

from __future__ import annotations

import threading
import time

from flask import Flask

from services.users.clients import TEST_MODE, Clients
from services.users.companies.routes import companies, internal_companies
from services.users.config import UsersSettings
from services.users.invitations.routes import invitations
from services.users.keys.routes import internal_tokens
from services.users.keys.routes import keys as keys_blueprint
from services.users.people.documents import Role
from services.users.people.routes import internal_people, people
from services.users.revocations.operations import keep_revocations
from services.users.sessions.routes import auth
from shared.data.persistence import open_database
from shared.web import idempotency
from shared.web.revocations import FRESH_SECONDS
from shared.web.service import create_service
from shared.web.tokens import KeySource

SERVICE = "users"
BLUEPRINTS = (
    auth,
    people,
    companies,
    invitations,
    keys_blueprint,
    internal_tokens,
    internal_people,
    internal_companies,
)


def create_app(settings: UsersSettings | None = None, *, keys: KeySource | None = None) -> Flask:
    """Build the service; it verifies tokens with its own keys, and with `keys` what those did not sign."""
    settings = settings or UsersSettings.from_env()
    database = open_database(SERVICE, settings, idempotency.ensure_indexes)
    Role.ensure_defaults()
    clients = Clients.build(settings, also=keys)
    app = create_service(
        SERVICE,
        settings,
        blueprints=BLUEPRINTS,
        database=database,
        clients=clients,
        keys=clients.keys,
    )
    if settings.tradepost_env != TEST_MODE:
        threading.Thread(target=_keep_revocations, args=(app,), name="revocations", daemon=True).start()
    return app


def _keep_revocations(app: Flask) -> None:
    """Compare rights and publish revocations for as long as the process runs; a test calls the operation itself."""
    with app.app_context():
        while True:
            time.sleep(FRESH_SECONDS)
            keep_revocations()
