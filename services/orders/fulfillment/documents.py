"""What fulfillment changes of an order: its shipments and returns, and the captures and refunds that settle them."""

from __future__ import annotations

from msgspec.structs import replace

from services.orders.orders.documents import Order, parties
from services.orders.orders.rules import (
    OrderAction,
    Refund,
    Return,
    Shipment,
    SkuQuantity,
    is_complete,
    units_per_sku,
)
from shared.events.catalog.orders import OrderReturned, OrderShipped, ShippedQuantity


def record_shipment(order: Order, shipment: Shipment, *, settle_within: float) -> None:
    """Add a shipment and publish it; its capture is expected within so many seconds."""
    shipments = [*order.shipments, shipment]
    is_last = is_complete(order.line_items, shipments)
    order.take(OrderAction.COMPLETE if is_last else OrderAction.SHIP)
    order.shipments = shipments
    order.record(_shipped(order, shipment))
    _expect_settlement(order, settle_within)


def record_return(order: Order, entry: Return, *, settle_within: float) -> None:
    """Add a return and publish it; its refund is expected within so many seconds."""
    order.take(OrderAction.RETURN)
    order.returns = [*order.returns, entry]
    order.record(_returned(order, entry))
    _expect_settlement(order, settle_within)


def record_capture(order: Order, shipment_id: str, amount: int) -> bool:
    """Set what was captured of a shipment; return False for an unknown shipment and for a duplicate."""
    if not any(each.id == shipment_id and each.captured_amount is None for each in order.shipments):
        return False
    order.shipments = [
        replace(each, captured_amount=amount) if each.id == shipment_id else each for each in order.shipments
    ]
    _end_settlement(order)
    return True


def record_refund(order: Order, refund_id: str, return_id: str | None, amount: int) -> bool:
    """Set what was refunded of a return, or add a refund without one; return False for a duplicate."""
    if return_id is None:
        if any(each.id == refund_id for each in order.refunds):
            return False
        order.refunds = [*order.refunds, Refund(refund_id, amount)]
        return True
    if not any(each.id == return_id and each.refunded_amount is None for each in order.returns):
        return False
    order.returns = [replace(each, refunded_amount=amount) if each.id == return_id else each for each in order.returns]
    _end_settlement(order)
    return True


def publish_unsettled(order: Order) -> None:
    """Publish again each shipment and return that is pending at payments: its event may have been lost."""
    for shipment in order.shipments:
        if shipment.captured_amount is None:
            order.record(_shipped(order, shipment))
    for entry in order.returns:
        if entry.refunded_amount is None:
            order.record(_returned(order, entry))


def has_unsettled(order: Order) -> bool:
    """Return whether the capture of a shipment or the refund of a return is pending at payments."""
    return any(each.captured_amount is None for each in order.shipments) or any(
        each.refunded_amount is None for each in order.returns
    )


def _expect_settlement(order: Order, seconds: float) -> None:
    if has_unsettled(order) and order.next_sweep_at is None:
        order.schedule_sweep_in(seconds)


def _end_settlement(order: Order) -> None:
    if not has_unsettled(order):
        order.unschedule_sweep()


def _shipped(order: Order, shipment: Shipment) -> OrderShipped:
    skus = {line.line_id: line.sku for line in order.line_items}
    units = units_per_sku(SkuQuantity(skus[line.line_id], line.quantity) for line in shipment.line_items)
    return OrderShipped(
        **parties(order),
        shipment_id=shipment.id,
        payment_id=order.payment_id,
        currency=order.currency,
        amount=shipment.amount,
        is_complete=is_complete(order.line_items, order.shipments),
        quantities=[ShippedQuantity(sku, quantity) for sku, quantity in units.items()],
    )


def _returned(order: Order, entry: Return) -> OrderReturned:
    return OrderReturned(
        **parties(order),
        return_id=entry.id,
        payment_id=order.payment_id,
        currency=order.currency,
        amount=entry.amount,
    )
