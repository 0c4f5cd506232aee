"""What products tells of itself."""

from __future__ import annotations

from services.search import operations
from shared.event_catalog import ProductChanged
from shared.events import handles


@handles(ProductChanged, batch=True)
def index_products(events: list[ProductChanged]) -> None:
    """Bring the index up to a whole batch of changes, in one commit."""
    operations.apply_changes(events)
