"""The overview: orders that need attention, orders to ship, the latest orders, the latest imports."""

from __future__ import annotations

from flask import Blueprint, render_template

from portals.admin.companies.client import companies
from portals.admin.imports.client import imports
from portals.admin.orders.client import Order, OrdersFilter, orders
from shared.portal.permissions import may

blueprint = Blueprint("home", __name__)
LATEST = 8
LATEST_IMPORTS = 5


@blueprint.get("/")
def home() -> str:
    latest: list[Order] = []
    confirmed, begun, refused = latest, latest, latest
    if may("orders:read"):
        latest = orders.list_orders(OrdersFilter(), limit=LATEST).items
        confirmed = orders.list_orders(OrdersFilter(status="confirmed"), limit=LATEST).items
        refused = orders.list_orders(OrdersFilter(needs_attention="true"), limit=LATEST).items
        begun = orders.list_orders(OrdersFilter(status="partially_shipped"), limit=LATEST).items
    return render_template(
        "home/home.html",
        latest=latest,
        refused=refused,
        to_ship=[*begun, *confirmed][:LATEST],
        names=companies.names(order.company_id for order in [*latest, *confirmed, *begun, *refused]),
        imports=imports.list_imports(limit=LATEST_IMPORTS).items if may("products:write") else None,
    )
