"""What payments records when orders are shipped, returned or cancelled; a job carries it out."""

from __future__ import annotations

from services.payments.jobs import carry_out_transaction
from services.payments.payments import operations
from services.payments.transactions.rules import PendingTransaction
from shared.data.events import handles
from shared.events.catalog.orders import OrderCancelled, OrderRemainderCancelled, OrderReturned, OrderShipped


@handles(OrderShipped)
def capture_shipment(event: OrderShipped) -> None:
    """Capture what a shipment costs, once; a shipment of free lines captures nothing."""
    _start(operations.record_capture(event.payment_id, shipment_id=event.shipment_id, amount=event.amount))


@handles(OrderReturned)
def refund_return(event: OrderReturned) -> None:
    """Refund what a return is worth, once; it waits for its capture if it comes first."""
    _start(operations.record_refund(event.payment_id, return_id=event.return_id, amount=event.amount))


@handles(OrderCancelled)
def void_authorization(event: OrderCancelled) -> None:
    """Release the authorisation of an order that will not be shipped, also one that is found later."""
    _start(operations.record_void(event.order_id))


@handles(OrderRemainderCancelled)
def release_remainder(event: OrderRemainderCancelled) -> None:
    """Release the share of the authorisation that no shipment will capture, once."""
    _start(operations.record_release(event.payment_id, amount=event.amount))


def _start(pending: PendingTransaction | None) -> None:
    if pending is not None:
        carry_out_transaction.enqueue(*pending)
