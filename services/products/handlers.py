"""How products reacts to shipped and cancelled orders, and to its own uploaded files."""

from __future__ import annotations

from services.products import jobs
from services.products.reservations import operations as reservations
from shared.data.events import handles
from shared.events.catalog.orders import OrderCancelled, OrderRemainderCancelled, OrderShipped
from shared.events.catalog.products import ImportRequested


@handles(OrderShipped, batch=True)
def commit_shipped_stock(events: list[OrderShipped]) -> None:
    """Subtract shipped units from on hand and from their reservations, each shipment once."""
    reservations.commit_shipments(events)


@handles(OrderCancelled)
def release_cancelled_stock(event: OrderCancelled) -> None:
    """Release what the order holds; a reservation that arrives later finds it released."""
    reservations.release_stock(event.order_id)


@handles(OrderRemainderCancelled)
def release_cancelled_remainder(event: OrderRemainderCancelled) -> None:
    """Release what the order had left to ship, once; its shipments may be committed later."""
    reservations.release_remainder(event)


@handles(ImportRequested)
def start_requested_import(event: ImportRequested) -> None:
    """Queue the import; a duplicate event queues no second job."""
    jobs.import_products.enqueue(event.import_id, 1)
