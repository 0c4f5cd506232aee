"""The start page: quick order, where the latest orders stand, a way into the catalog."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template

from portals.customer.clients import carts, catalog, orders
from portals.customer.presenters import facet_rows
from portals.customer.views.cart_memory import remember_cart
from shared.calls.resilience import UpstreamUnavailable

blueprint = Blueprint("home", __name__)
LATEST = 5


@blueprint.get("/")
def home() -> str:
    page = orders.list_orders(limit=LATEST)
    cart = carts.get_cart()
    remember_cart(cart)
    return render_template("home/home.html", orders=page["items"], cart=cart, facets=_categories())


def _categories() -> list[dict[str, Any]]:
    """Return the catalog's categories; none while the search is away, because orders and cart must not wait for it."""
    try:
        return facet_rows(catalog.search(""), None)
    except UpstreamUnavailable:
        return []
