"""What fulfillment changes of an order: its shipments and returns, and the captures and refunds that settle them."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from services.orders.orders.documents import Order, parties
from services.orders.orders.rules import (
    OrderAction,
    Refund,
    Remainder,
    Return,
    Shipment,
    SkuQuantity,
    is_complete,
    quantities_per_line,
    units_per_sku,
    unshipped_amount,
    unshipped_quantities,
)
from shared.base.clock import now
from shared.events.catalog.orders import OrderRemainderCancelled, OrderReturned, OrderShipped, ShippedQuantity


def record_shipment(order: Order, shipment: Shipment, *, settle_within: float) -> None:
    """Add a shipment and publish it; its capture is expected within so many seconds."""
    shipments = [*order.shipments, shipment]
    is_last = is_complete(order.line_items, shipments)
    order.take(OrderAction.COMPLETE if is_last else OrderAction.SHIP)
    order.shipments = shipments
    order.record(_shipped(order, shipment))
    _expect_settlement(order, settle_within)


def record_remainder_cancellation(order: Order, reason: str, *, repeat_after: float) -> None:
    """
    End what is left to ship and publish it; the same event follows once more after so many seconds.

    No answer confirms its receipt, as with the cancellation of a whole order.
    """
    order.take(OrderAction.CANCEL_REMAINDER)
    order.status_reason = reason
    order.remainder = Remainder(now())
    order.record(_remainder_cancelled(order))
    _expect_settlement(order, repeat_after)


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
    """Publish again shipments and returns that are pending at payments, and a cancelled remainder once more."""
    for shipment in order.shipments:
        if shipment.captured_amount is None:
            order.record(_shipped(order, shipment))
    for entry in order.returns:
        if entry.refunded_amount is None:
            order.record(_returned(order, entry))
    if _has_unrepeated_remainder(order):
        order.record(_remainder_cancelled(order))
        order.remainder = replace(order.remainder, is_repeated=True)
        _end_settlement(order)


def _has_unrepeated_remainder(order: Order) -> bool:
    return order.remainder is not None and not order.remainder.is_repeated


def has_unsettled(order: Order) -> bool:
    """Return whether a capture or refund is pending at payments, or a cancelled remainder to be published again."""
    return (
        _has_unrepeated_remainder(order)
        or any(each.captured_amount is None for each in order.shipments)
        or any(each.refunded_amount is None for each in order.returns)
    )


def _expect_settlement(order: Order, seconds: float) -> None:
    if has_unsettled(order) and order.next_sweep_at is None:
        order.schedule_sweep_in(seconds)


def _end_settlement(order: Order) -> None:
    if not has_unsettled(order):
        order.unschedule_sweep()


def _quantities(order: Order, units_per_line: Mapping[str, int]) -> list[ShippedQuantity]:
    """Return units by line id as units per SKU, each SKU once."""
    skus = {line.line_id: line.sku for line in order.line_items}
    units = units_per_sku(SkuQuantity(skus[line_id], quantity) for line_id, quantity in units_per_line.items())
    return [ShippedQuantity(sku, quantity) for sku, quantity in units.items()]


def _shipped(order: Order, shipment: Shipment) -> OrderShipped:
    return OrderShipped(
        **parties(order),
        shipment_id=shipment.id,
        payment_id=order.payment_id,
        currency=order.currency,
        amount=shipment.amount,
        is_complete=is_complete(order.line_items, order.shipments),
        quantities=_quantities(order, quantities_per_line([shipment])),
    )


def _remainder_cancelled(order: Order) -> OrderRemainderCancelled:
    return OrderRemainderCancelled(
        **parties(order),
        payment_id=order.payment_id,
        reason=order.status_reason or "",
        currency=order.currency,
        amount=unshipped_amount(order.total_amount, order.shipments),
        quantities=_quantities(order, unshipped_quantities(order.line_items, order.shipments)),
    )


def _returned(order: Order, entry: Return) -> OrderReturned:
    return OrderReturned(
        **parties(order),
        return_id=entry.id,
        payment_id=order.payment_id,
        currency=order.currency,
        amount=entry.amount,
    )
