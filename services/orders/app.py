"""Composition root of the orders service: the only module that imports every area."""

from __future__ import annotations

from flask import Flask

from services.orders.carts.routes import carts
from services.orders.checkout.routes import checkout
from services.orders.clients import Clients, make_clients
from services.orders.config import OrdersSettings
from services.orders.finding.routes import finding
from services.orders.fulfillment.routes import fulfillment
from services.orders.orders.routes import orders
from shared.data import older_copies
from shared.data.persistence import open_database
from shared.events import backlog, inbox
from shared.web import idempotency
from shared.web.service import create_service
from shared.web.tokens import KeySource

SERVICE = "orders"
BLUEPRINTS = (carts, checkout, finding, fulfillment, orders)


def create_app(
    settings: OrdersSettings | None = None, *, keys: KeySource | None = None, clients: Clients | None = None
) -> Flask:
    """Build the service; without arguments from the environment, as gunicorn and the workers do."""
    settings = settings or OrdersSettings.from_env()
    database = open_database(SERVICE, settings, idempotency.ensure_indexes, inbox.ensure_indexes)
    clients = clients or make_clients(
        users_url=settings.users_url,
        products_url=settings.products_url,
        payments_url=settings.payments_url,
        secret=settings.service_secret,
    )
    return create_service(
        SERVICE,
        settings,
        blueprints=BLUEPRINTS,
        database=database,
        clients=clients,
        keys=keys,
        notices={
            "events": backlog.notice_of(SERVICE, settings),
            "copies": older_copies.notice_of(SERVICE),
        },
    )
