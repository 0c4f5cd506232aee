"""Finding products: search with categories and suggestions, and one product's page."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, render_template, request

from portals.customer.clients import catalog
from portals.customer.presenters import availability, facet_rows, price_ladder

blueprint = Blueprint("catalog", __name__)
SHORTEST_HINT = 2
LONGEST_TEXT = 100


@blueprint.get("/catalog")
def search() -> str:
    text = _text()
    category = request.args.get("category") or None
    found = catalog.search(text, category=category, cursor=request.args.get("cursor"))
    return render_template(
        "catalog/search.html",
        text=text,
        category=category,
        found=found,
        facets=facet_rows(found, category),
    )


@blueprint.get("/catalog/suggestions")
def suggestions() -> Response:
    """Return up to eight products for the search field, as JSON."""
    text = _text()
    return jsonify(items=catalog.suggest(text) if len(text) >= SHORTEST_HINT else [])


@blueprint.get("/products/<path:sku>")
def product(sku: str) -> str:
    found = catalog.get_product(sku)
    return render_template(
        "catalog/product.html", product=found, ladder=price_ladder(found), availability=availability(found)
    )


def _text() -> str:
    return request.args.get("q", "").strip()[:LONGEST_TEXT]
