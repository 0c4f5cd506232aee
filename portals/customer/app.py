"""The customer portal's composition root."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask

from portals.customer.config import CustomerSettings
from portals.customer.views import account, cart, catalog, checkout, home, orders
from shared.portal.factory import create_portal

AREAS = (home, catalog, cart, checkout, orders, account)


def create_app(settings: CustomerSettings | None = None, **options: Any) -> Flask:
    """Build the portal; `options` are those of `create_portal`."""
    return create_portal(
        "customer",
        settings or CustomerSettings.from_env(),
        folder=Path(__file__).parent,
        blueprints=[area.blueprint for area in AREAS],
        doorkeeper=refuse_staff,
        **options,
    )


def refuse_staff(viewer: dict[str, Any]) -> str | None:
    """Staff belong to no company, so they have no cart and no orders here."""
    if viewer["company"] is None:
        return "This is where companies order. Staff sign in at the admin portal."
    return None
