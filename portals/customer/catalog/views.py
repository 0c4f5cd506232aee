"""Finding products: search with categories and suggestions, and one product's page."""

from __future__ import annotations

import msgspec
from flask import Blueprint, Response, jsonify, render_template, request

from portals.customer.catalog.client import catalog
from portals.customer.catalog.forms import SearchForm
from portals.customer.catalog.presenter import availability, facet_rows, price_ladder
from shared.portal.permissions import needs

blueprint = Blueprint("catalog", __name__)
SHORTEST_HINT = 2


@blueprint.get("/catalog")
@needs("products:read")
def search() -> str:
    form = SearchForm(request.args)
    category = form.category.data or None
    found = catalog.search(form.text, category=category, cursor=request.args.get("cursor"))
    return render_template(
        "catalog/search.html", text=form.text, category=category, found=found, facets=facet_rows(found, category)
    )


@blueprint.get("/catalog/suggestions")
@needs("products:read")
def suggestions() -> Response:
    """Return up to eight products for the search field, as JSON."""
    text = SearchForm(request.args).text
    return jsonify(items=msgspec.to_builtins(catalog.suggest(text)) if len(text) >= SHORTEST_HINT else [])


@blueprint.get("/products/<path:sku>")
@needs("products:read")
def product(sku: str) -> str:
    found = catalog.get_product(sku)
    return render_template(
        "catalog/product.html", product=found, ladder=price_ladder(found), availability=availability(found)
    )
