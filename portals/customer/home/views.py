"""The start page: quick order, the latest orders, the cart, the catalog's categories."""

from __future__ import annotations

from flask import Blueprint, render_template

from portals.customer.cart.client import carts
from portals.customer.cart.forms import take_quick_order
from portals.customer.catalog.client import catalog
from portals.customer.catalog.presenter import FacetRow, facet_rows
from portals.customer.orders.client import orders
from shared.calls.resilience import UpstreamUnavailable
from shared.portal.permissions import may

blueprint = Blueprint("home", __name__)
LATEST = 5


@blueprint.get("/")
def home() -> str:
    return render_template(
        "home/home.html",
        orders=orders.latest_orders(LATEST) if may("orders:read") else [],
        cart=carts.get_cart() if may("cart:write") else None,
        facets=_categories() if may("products:read") else [],
        draft=take_quick_order(),
    )


def _categories() -> list[FacetRow]:
    """Return the catalog's categories; none while search is unavailable, since orders and cart do not need it."""
    try:
        return facet_rows(catalog.search(""), None)
    except UpstreamUnavailable:
        return []
