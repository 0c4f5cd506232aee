"""The customer portal's composition root."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask

from portals.customer.account import views as account
from portals.customer.cart import views as cart
from portals.customer.catalog import views as catalog
from portals.customer.checkout import views as checkout
from portals.customer.config import CustomerSettings
from portals.customer.home import views as home
from portals.customer.orders import views as orders
from shared.portal.answers import Viewer
from shared.portal.factory import create_portal

AREAS = (home, catalog, cart, checkout, orders, account)


def create_app(settings: CustomerSettings | None = None, **options: Any) -> Flask:
    """Build the portal; `options` are those of `create_portal`."""
    return create_portal(
        "customer",
        settings or CustomerSettings.from_env(),
        folder=Path(__file__).parent,
        blueprints=[area.blueprint for area in AREAS],
        check_access=refuse_staff,
        **options,
    )


def refuse_staff(viewer: Viewer) -> str | None:
    """Return why staff may not use this portal: they belong to no company, so they have no cart; None for a buyer."""
    if viewer.company is None:
        return "This is where companies order. Staff sign in at the admin portal."
    return None
