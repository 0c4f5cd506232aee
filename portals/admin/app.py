"""The admin portal's composition root."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask

from portals.admin.config import AdminSettings
from portals.admin.views import companies, fulfillment, home, imports, orders, people, products
from shared.portal.factory import create_portal

AREAS = (home, orders, fulfillment, products, imports, companies, people)
PREFIX = "/admin"


def create_app(settings: AdminSettings | None = None, **options: Any) -> Flask:
    """Build the portal; `options` are those of `create_portal`."""
    return create_portal(
        "admin",
        settings or AdminSettings.from_env(),
        folder=Path(__file__).parent,
        blueprints=[area.blueprint for area in AREAS],
        doorkeeper=refuse_buyers,
        prefix=PREFIX,
        **options,
    )


def refuse_buyers(viewer: dict[str, Any]) -> str | None:
    """Only staff, who belong to no company, may enter."""
    if viewer["company"] is not None:
        return "This is for the merchant's staff. Companies order at the customer portal."
    return None
