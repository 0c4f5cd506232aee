"""What fulfillment changes of an order: its shipments and returns, and the captures and refunds that settle them."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from services.orders.errors import ActionNotAllowed
from services.orders.failures.rules import Failure, FailureKind, failed_ids, need_attention
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

# A mail lists no more, and an event of thousands must stay below the limit of SNS.
MOST_NAMED = 50


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
    _forget_failure(order, shipment_id)
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
    _forget_failure(order, return_id)
    _end_settlement(order)
    return True


def record_failure(order: Order, failure: Failure) -> bool:
    """Record that a capture or refund was refused; False for a duplicate and for what has an outcome or is unknown."""
    if failure.subject_id in failed_ids(order.failures) or not _awaits(order, failure):
        return False
    order.failures = [*order.failures, failure]
    order.needs_attention = True
    _end_settlement(order)
    return True


def _awaits(order: Order, failure: Failure) -> bool:
    """Return whether the capture or refund has no outcome yet; a refund without a return is known once it has one."""
    if failure.kind == FailureKind.CAPTURE:
        return any(each.id == failure.subject_id and each.captured_amount is None for each in order.shipments)
    refunded = {each.id for each in order.returns if each.refunded_amount is not None}
    return failure.subject_id not in refunded | {each.id for each in order.refunds}


def record_settlement(order: Order, note: str) -> None:
    """Record that a person dealt with all refused captures and refunds; raise ActionNotAllowed when there are none."""
    order.take(OrderAction.SETTLE)
    if not order.needs_attention:
        raise ActionNotAllowed(f"No capture or refund of order {order.number} needs a person")
    order.failures = [replace(each, is_settled=True) for each in order.failures]
    order.settlement_note = note
    order.needs_attention = None


def _forget_failure(order: Order, subject_id: str) -> None:
    """Remove a failure that an outcome of the processor has overtaken."""
    order.failures = [each for each in order.failures if each.subject_id != subject_id]
    order.needs_attention = need_attention(order.failures) or None


def publish_unsettled(order: Order) -> None:
    """Publish again shipments and returns that are pending at payments, and a cancelled remainder once more."""
    for shipment in _uncaptured(order):
        order.record(_shipped(order, shipment))
    for entry in _unrefunded(order):
        order.record(_returned(order, entry))
    if _has_unrepeated_remainder(order):
        order.record(_remainder_cancelled(order))
        order.remainder = replace(order.remainder, is_repeated=True)
        _end_settlement(order)


def _has_unrepeated_remainder(order: Order) -> bool:
    return order.remainder is not None and not order.remainder.is_repeated


def has_unsettled(order: Order) -> bool:
    """Return whether a capture or refund is pending at payments, or a cancelled remainder to be published again."""
    return _has_unrepeated_remainder(order) or bool(_uncaptured(order)) or bool(_unrefunded(order))


def _uncaptured(order: Order) -> list[Shipment]:
    """Return the shipments whose capture is pending; a refused one is not."""
    failed = failed_ids(order.failures)
    return [each for each in order.shipments if each.captured_amount is None and each.id not in failed]


def _unrefunded(order: Order) -> list[Return]:
    """Return the returns whose refund is pending; a refused one is not."""
    failed = failed_ids(order.failures)
    return [each for each in order.returns if each.refunded_amount is None and each.id not in failed]


def _expect_settlement(order: Order, seconds: float) -> None:
    if has_unsettled(order) and order.next_sweep_at is None:
        order.schedule_sweep_in(seconds)


def _end_settlement(order: Order) -> None:
    if not has_unsettled(order):
        order.unschedule_sweep()


def _quantities(order: Order, units_per_line: Mapping[str, int]) -> list[ShippedQuantity]:
    """Return units by line id as units per SKU, each SKU once, the first ones with the product's name."""
    skus = {line.line_id: line.sku for line in order.line_items}
    names = {line.sku: line.name for line in order.line_items}
    units = units_per_sku(SkuQuantity(skus[line_id], quantity) for line_id, quantity in units_per_line.items())
    return [
        ShippedQuantity(sku, quantity, names[sku] if place < MOST_NAMED else None)
        for place, (sku, quantity) in enumerate(units.items())
    ]


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
