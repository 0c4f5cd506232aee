"""The start page: quick order, where the latest orders stand, a way into the catalog."""

from __future__ import annotations

from flask import Blueprint, render_template

from portals.customer.clients import carts, catalog, orders
from portals.customer.presenters import facet_rows
from portals.customer.views.cart_memory import remember_cart

blueprint = Blueprint("home", __name__)
LATEST = 5


@blueprint.get("/")
def home() -> str:
    page = orders.list_orders(limit=LATEST)
    cart = carts.get_cart()
    remember_cart(cart)
    facets = facet_rows(catalog.search(""), None)
    return render_template("home/home.html", orders=page["items"], cart=cart, facets=facets)
