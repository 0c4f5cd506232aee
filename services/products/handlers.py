"""What products does when orders ship or are cancelled, and when a file was uploaded."""

from __future__ import annotations

from services.products import jobs, operations
from shared.data.events import handles
from shared.events.catalog.orders import OrderCancelled, OrderShipped
from shared.events.catalog.products import ImportRequested


@handles(OrderShipped, batch=True)
def commit_shipped_stock(events: list[OrderShipped]) -> None:
    """Take shipped units off on hand and off their reservations; each stock document remembers the shipment."""
    operations.commit_shipments(events)


@handles(OrderCancelled)
def release_cancelled_stock(event: OrderCancelled) -> None:
    """Give back what the order held; a reservation that arrives later finds it released."""
    operations.release_stock(event.order_id)


@handles(ImportRequested)
def start_requested_import(event: ImportRequested) -> None:
    """Queue the import; the same one is queued once."""
    jobs.import_products.enqueue(event.import_id, 1)
