"""What products tells of itself."""

from __future__ import annotations

from services.search import operations
from shared.data.events import handles
from shared.events.catalog.products import ProductChanged


@handles(ProductChanged, batch=True)
def index_products(events: list[ProductChanged]) -> None:
    """Bring the index up to a whole batch of changes, in one commit."""
    operations.apply_changes(events)
