"""Composition root of the search service; run as a program it requests a new index."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

from services.search import operations
from services.search.clients import Clients, make_clients
from services.search.config import SearchSettings
from services.search.engine import install_engine, make_engine
from services.search.routes import blp
from shared.data.persistence import DatabaseHandle
from shared.events import inbox
from shared.web.service import create_service
from shared.web.tokens import KeySource

SERVICE = "search"


def create_app(
    settings: SearchSettings | None = None, *, keys: KeySource | None = None, clients: Clients | None = None
) -> Flask:
    """Build the service; without arguments from the environment, as gunicorn and the worker do."""
    settings = settings or SearchSettings.from_env()
    database = DatabaseHandle(SERVICE, settings.mongodb_uri, pool=settings.mongodb_pool)
    inbox.ensure_indexes(SERVICE)
    engine = make_engine(settings)
    neighbours = clients or make_clients(
        users_url=settings.users_url, products_url=settings.products_url, secret=settings.service_secret
    )
    app = create_service(
        SERVICE,
        settings,
        blueprints=[blp],
        database=database,
        clients=neighbours,
        keys=keys,
        checks={"index": engine.reader.check},
    )
    install_engine(app, engine)
    return app


def before_each_batch(beat: Callable[[], None]) -> None:
    """Build the index if it is missing or stale; the worker calls this before it receives events."""
    operations.keep_index_current(beat)


if __name__ == "__main__":
    with create_app().app_context():
        operations.request_rebuild()
