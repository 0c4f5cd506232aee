"""The admin portal's composition root."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask
from redis import Redis

from portals.admin.config import AdminSettings
from portals.admin.views import companies, fulfillment, home, imports, orders, people, products
from shared.portal.factory import create_portal
from shared.portal.gateway import Transport
from shared.portal.store import connect
from shared.portal.transport import HttpTransport

AREAS = (home, orders, fulfillment, products, imports, companies, people)
PREFIX = "/admin"


def create_app(
    settings: AdminSettings | None = None,
    *,
    transport: Transport | None = None,
    redis: Redis | None = None,
    **options: Any,
) -> Flask:
    settings = settings or AdminSettings.from_env()
    return create_portal(
        "admin",
        settings,
        folder=Path(__file__).parent,
        blueprints=[area.blueprint for area in AREAS],
        doorkeeper=refuse_buyers,
        transport=transport or HttpTransport(settings.gateway_url),
        redis=redis or connect(settings.redis_url),
        prefix=PREFIX,
        **options,
    )


def refuse_buyers(viewer: dict[str, Any]) -> str | None:
    """Only staff, who belong to no company, may enter."""
    if viewer["company"] is not None:
        return "This is for the merchant's staff. Companies order at the customer portal."
    return None
