"""What payments does when orders are shipped, returned or cancelled: note it, and have a job carry it out."""

from __future__ import annotations

from services.payments import operations
from services.payments.jobs import carry_out_transaction
from shared.data.events import handles
from shared.events.catalog.orders import OrderCancelled, OrderReturned, OrderShipped


@handles(OrderShipped)
def capture_shipment(event: OrderShipped) -> None:
    """Capture what a shipment costs, once; a shipment of free lines captures nothing."""
    if event.payment_id is not None and event.amount > 0:
        _start(operations.record_capture(event.payment_id, shipment_id=event.shipment_id, amount=event.amount))


@handles(OrderReturned)
def refund_return(event: OrderReturned) -> None:
    """Refund what a return is worth, once; it waits for its capture if it comes first."""
    if event.payment_id is not None and event.amount > 0:
        _start(operations.record_refund(event.payment_id, return_id=event.return_id, amount=event.amount))


@handles(OrderCancelled)
def void_authorization(event: OrderCancelled) -> None:
    """Release the authorisation of an order that will not be shipped, also one that turns up later."""
    _start(operations.record_void(event.order_id))


def _start(pending: operations.Pending | None) -> None:
    if pending is not None:
        carry_out_transaction.enqueue(*pending)
