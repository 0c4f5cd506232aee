"""The overview: orders that need attention, orders to ship, the latest orders, the latest imports."""

from __future__ import annotations

from flask import Blueprint, render_template

from portals.admin.companies.client import companies
from portals.admin.imports.client import imports
from portals.admin.orders.client import Order, orders
from shared.portal.permissions import may

blueprint = Blueprint("home", __name__)
LATEST = 8
LATEST_IMPORTS = 5


@blueprint.get("/")
def home() -> str:
    latest: list[Order] = []
    confirmed, begun, refused = latest, latest, latest
    if may("orders:read"):
        latest = orders.latest_orders(LATEST)
        confirmed = orders.latest_orders(LATEST, status="confirmed")
        refused = orders.latest_orders(LATEST, needs_attention="true")
        begun = orders.latest_orders(LATEST, status="partially_shipped")
    return render_template(
        "home/home.html",
        latest=latest,
        refused=refused,
        to_ship=[*begun, *confirmed][:LATEST],
        names=companies.names(order.company_id for order in [*latest, *confirmed, *begun, *refused]),
        imports=imports.latest_imports(LATEST_IMPORTS) if may("products:write") else None,
    )
