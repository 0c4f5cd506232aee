"""The overview: what waits to be shipped, the latest orders, the latest imports of this session."""

from __future__ import annotations

from flask import Blueprint, render_template

from portals.admin.clients import companies, orders
from portals.admin.views.recent_imports import recent_imports

blueprint = Blueprint("home", __name__)
LATEST = 8


@blueprint.get("/")
def home() -> str:
    latest = orders.list_orders({}, limit=LATEST)["items"]
    to_ship = orders.list_orders({"status": "confirmed"}, limit=LATEST)["items"]
    begun = orders.list_orders({"status": "partially_shipped"}, limit=LATEST)["items"]
    names = companies.names(order["company_id"] for order in [*latest, *to_ship, *begun])
    return render_template(
        "home/home.html", latest=latest, to_ship=[*begun, *to_ship][:LATEST], names=names, imports=recent_imports()
    )
