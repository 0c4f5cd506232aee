"""The admin portal's composition root."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask

from portals.admin.companies import views as companies
from portals.admin.config import AdminSettings
from portals.admin.currencies import views as currencies
from portals.admin.fulfillment import views as fulfillment
from portals.admin.home import views as home
from portals.admin.imports import views as imports
from portals.admin.orders import views as orders
from portals.admin.people import views as people
from portals.admin.products import views as products
from shared.portal.answers import Viewer
from shared.portal.factory import create_portal

AREAS = (home, orders, fulfillment, products, imports, companies, currencies, people)
PREFIX = "/admin"


def create_app(settings: AdminSettings | None = None, **options: Any) -> Flask:
    """Build the portal; `options` are those of `create_portal`."""
    return create_portal(
        "admin",
        settings or AdminSettings.from_env(),
        folder=Path(__file__).parent,
        blueprints=[area.blueprint for area in AREAS],
        check_access=refuse_buyers,
        prefix=PREFIX,
        same_site="Strict",
        **options,
    )


def refuse_buyers(viewer: Viewer) -> str | None:
    """Return why a buyer may not use this portal, None for staff, who belong to no company."""
    if viewer.company is not None:
        return "This is for the merchant's staff. Companies order at the customer portal."
    return None
