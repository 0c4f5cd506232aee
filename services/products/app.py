"""Composition root of the products service."""

from __future__ import annotations

from functools import partial

from flask import Flask

from services.products.catalog.routes import internal_products_blp, products_blp
from services.products.clients import Clients
from services.products.config import ProductsSettings
from services.products.currencies.routes import currencies_blp
from services.products.imports.routes import imports_blp
from services.products.inventory.routes import inventory_blp
from services.products.prices.routes import prices_blp
from services.products.reservations.routes import reservations_blp
from shared.data.persistence import open_database
from shared.events import backlog, inbox
from shared.web import idempotency
from shared.web.arrivals import BODY_LIMIT
from shared.web.service import create_service
from shared.web.tokens import KeySource

SERVICE = "products"
BLUEPRINTS = (
    products_blp,
    currencies_blp,
    imports_blp,
    inventory_blp,
    internal_products_blp,
    prices_blp,
    reservations_blp,
)


def create_app(
    settings: ProductsSettings | None = None, *, keys: KeySource | None = None, clients: Clients | None = None
) -> Flask:
    """Build the service; without arguments from the environment."""
    settings = settings or ProductsSettings.from_env()
    database = open_database(SERVICE, settings, idempotency.ensure_indexes, inbox.ensure_indexes)
    app = create_service(
        SERVICE,
        settings,
        blueprints=BLUEPRINTS,
        database=database,
        clients=clients or Clients.build(settings),
        keys=keys,
        notices={"events": backlog.notice_of(SERVICE, settings)},
    )
    app.extensions[BODY_LIMIT] = partial(_body_limit, settings)
    return app


def _body_limit(settings: ProductsSettings, method: str, target: str, has_token: bool) -> int:
    """Return the most bytes of a request's body that are received: only an import is larger than others."""
    is_import = method == "POST" and target.partition("?")[0] == imports_blp.url_prefix and has_token
    return settings.max_import_bytes if is_import else settings.max_body_bytes
