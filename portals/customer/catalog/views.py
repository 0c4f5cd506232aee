"""Finding products: search with categories and suggestions, and one product's page."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response, get_flashed_messages, jsonify, render_template, request

from portals.customer.catalog.client import FoundProduct, Product, Suggestion, catalog
from portals.customer.catalog.forms import SearchForm
from portals.customer.catalog.presenter import availability, facet_rows, listed_products, price_ladder, suggested
from shared.base.clock import now
from shared.calls.resilience import UpstreamUnavailable
from shared.calls.service_client import UpstreamRefused
from shared.portal.faults import Faults
from shared.portal.paging import wanted_cursor
from shared.portal.permissions import needs

blueprint = Blueprint("catalog", __name__)
SHORTEST_HINT = 2


@blueprint.get("/catalog")
@needs("products:read")
def search() -> str:
    form = SearchForm(request.args)
    category = form.category.data or None
    found = catalog.search(form.text, category, wanted_cursor())
    return render_template(
        "catalog/search.html",
        text=form.text,
        category=category,
        found=found,
        products=listed_products(found.items, _offers(found.items)),
        facets=facet_rows(found, category),
        shown_at=now().isoformat(),
        faults=_faults_of_quantities(),
    )


def _faults_of_quantities() -> Faults:
    """Return the faults of a quantity that was sent from this page, for the summary (see `cart.views`)."""
    told = (str(text).split("|") for text in get_flashed_messages(category_filter=["quantity"]))
    return {f"quantity-{parts[0]}": f"{parts[0]}: {parts[-1]}" for parts in told}


def _offers(found: Sequence[FoundProduct | Suggestion]) -> dict[str, Product] | None:
    """Return what is offered now; None while it cannot be read, since a list helps without it."""
    try:
        return catalog.offers(product.sku for product in found)
    except (UpstreamUnavailable, UpstreamRefused):
        return None


@blueprint.get("/catalog/suggestions")
@needs("products:read")
def suggestions() -> Response:
    """Return up to eight products for the search field, as JSON."""
    text = SearchForm(request.args).text
    found = catalog.suggest(text) if len(text) >= SHORTEST_HINT else []
    return jsonify(items=suggested(found, _offers(found)))


@blueprint.get("/products/<path:sku>")
@needs("products:read")
def product(sku: str) -> str:
    found = catalog.get_product(sku)
    return render_template(
        "catalog/product.html",
        product=found,
        ladder=price_ladder(found),
        availability=availability(found),
        faults=_faults_of_quantities(),
    )
