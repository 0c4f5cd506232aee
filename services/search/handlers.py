"""How search reacts to changed products."""

from __future__ import annotations

from services.search import operations
from shared.data.events import handles
from shared.events.catalog.products import ProductChanged


@handles(ProductChanged, batch=True)
def index_products(events: list[ProductChanged]) -> None:
    """Write a whole batch of changes to the index, in one commit."""
    operations.apply_changes(events)
