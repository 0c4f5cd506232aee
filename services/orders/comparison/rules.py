"""What proves that a database is an older copy: plain values in and out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.orders.fulfillment.rules import KnownPayments, KnownReservations, SettledOrder


@dataclass(frozen=True)
class Finding:
    """The database of the service `of` is an older copy; `examples` are the orders that prove it."""

    of: str
    reason: str
    examples: Sequence[str] = ()


@dataclass(frozen=True)
class ComparedOrder:
    """A confirmed order and what it knows: its money, and whether nothing of it is left to ship."""

    id: str
    is_paid: bool
    captured_amount: int
    refunded_amount: int
    is_shipped: bool


def older_orders(highest_given: int, known: KnownReservations) -> Finding | None:
    """Return a finding when products knows a higher order number than orders ever gave."""
    highest = known.highest_order_number or 0
    if highest <= highest_given:
        return None
    return Finding("orders", f"its last number is {highest_given}, and products has seen {highest}")


def lost_orders(paid: Sequence[str], present: set[str]) -> Finding | None:
    """Return a finding when payments has payments of orders that orders does not have."""
    lost = [each for each in paid if each not in present]
    if not lost:
        return None
    return Finding("orders", f"payments knows {len(lost)} orders that orders does not have", lost)


def older_products(
    orders: Sequence[ComparedOrder], known: KnownReservations, *, events_arrived: bool
) -> Finding | None:
    """
    Return a finding when products lacks the reservation of a confirmed order, or holds stock for a shipped one.

    The second counts only when all events of orders have arrived: until then products may not know of the shipment.
    """
    unreserved, still_open = set(known.unreserved), set(known.open)
    lost = [each.id for each in orders if each.id in unreserved]
    lost += [each.id for each in orders if events_arrived and each.is_shipped and each.id in still_open]
    if not lost:
        return None
    return Finding("products", f"it lacks the reservations or shipments of {len(lost)} confirmed orders", lost)


def older_payments(orders: Sequence[ComparedOrder], known: KnownPayments) -> Finding | None:
    """Return a finding when payments lacks a payment, a capture or a refund that orders knows of."""
    settled: Mapping[str, SettledOrder] = {each.order_id: each for each in known.items}
    lost = [each.id for each in orders if each.is_paid and _is_lost(each, settled.get(each.id))]
    if not lost:
        return None
    return Finding("payments", f"it lacks payments, captures or refunds of {len(lost)} confirmed orders", lost)


def _is_lost(order: ComparedOrder, known: SettledOrder | None) -> bool:
    if known is None:
        return True
    return known.captured_amount < order.captured_amount or known.refunded_amount < order.refunded_amount
