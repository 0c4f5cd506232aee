"""Reserving all of an order's stock or none, subtracting it as it ships, releasing it when the order is cancelled."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Sequence
from datetime import timedelta

import msgspec

from services.products.errors import (
    OutOfStock,
    ReservationDiffers,
    ReservationInFlight,
    ReservationReleased,
    StockContended,
)
from services.products.reservations.documents import Reservation
from services.products.reservations.rules import (
    KnownOrders,
    OpenReservation,
    ReservationRecord,
    ReservationsFilter,
    ReservationStatus,
    ReservedLine,
)
from services.products.stock.documents import Stock
from services.products.stock.rules import Shipped, Shortage, SkuQuantity, quantities_of, shortages
from shared.base import deadline
from shared.base.clock import now
from shared.data.pagination import Page
from shared.data.struct_fields import to_stored
from shared.events.catalog.orders import OrderRemainderCancelled, OrderShipped
from shared.observe.metrics import counter
from shared.observe.observability import get_logger

log = get_logger()

# How long to wait for undecided orders that hold what is short, and for the first attempt of the same order.
WAIT_SECONDS = 1.0
PAUSE_SECONDS = 0.02
SWEPT_AFTER = timedelta(seconds=30)
SWEPT_AT_A_TIME = 500
# Stands in a hold beside the ids of shipments: a remainder is released once.
REMAINDER = "remainder"

RESERVATIONS = counter("reservations_total", "Reservations decided, by outcome", ["outcome"])
STOCK_OUTS = counter("stock_outs_total", "SKUs refused to an order for lack of stock")


def reserve_stock(
    order_id: str, line_items: Sequence[SkuQuantity], *, order_number: int | None = None
) -> list[ReservedLine]:
    """
    Hold stock of every SKU of an order, or of none; return the lines. A SKU that is not stocked is never short.

    The order id is the key: a repeat gets the first decision again. Raises OutOfStock with the shortages,
    ReservationReleased once the order was released, ReservationInFlight while the first attempt is at work,
    OrderNumberTaken when another order has the number: then the database of orders is an older copy.
    """
    begun = Reservation.begin(order_id, line_items, order_number)
    return _repeat(order_id, line_items) if begun is None else _reserve(begun)


def _repeat(order_id: str, line_items: Sequence[SkuQuantity]) -> list[ReservedLine]:
    give_up_at = time.monotonic() + deadline.within(WAIT_SECONDS)
    while time.monotonic() < give_up_at:
        known = Reservation.find(order_id)
        if known is not None and known.status != ReservationStatus.RESERVING:
            return _decided(known, line_items)
        taken_over = Reservation.take_over(order_id)
        if taken_over is not None:
            Stock.put_back(order_id, taken_over.skus)
            return _reserve(taken_over)
        _pause()
    raise _in_flight(order_id)


def _decided(known: ReservationRecord, line_items: Sequence[SkuQuantity] | None = None) -> list[ReservedLine]:
    """Return, or raise, the decision about the order."""
    if known.status == ReservationStatus.RELEASED:
        raise ReservationReleased(f"The reservation of {known.id} was released")
    if line_items is not None and quantities_of(known.line_items) != quantities_of(line_items):
        raise ReservationDiffers(f"{known.id} is reserved with other quantities")
    if known.status == ReservationStatus.REFUSED:
        raise _out_of_stock(known.id, known.shortages)
    return known.line_items


def _reserve(attempt: ReservationRecord) -> list[ReservedLine]:
    quantities = quantities_of(attempt.line_items)
    give_up_at = time.monotonic() + deadline.within(WAIT_SECONDS)
    while True:
        is_complete = Stock.take(attempt.id, attempt.token, quantities)
        views = {} if is_complete else Stock.views(attempt.id, attempt.token, quantities)
        short = shortages(quantities, views)
        if not short:
            return _hold(attempt, stocked=quantities.keys() if is_complete else views.keys())
        Stock.put_back(attempt.id, quantities, token=attempt.token)
        if time.monotonic() > give_up_at or not may_become_available(attempt.id, short):
            break
        _pause()
    if not Reservation.refuse(attempt.id, attempt.token, short):
        return _superseded(attempt.id)
    RESERVATIONS.labels("refused").inc()
    STOCK_OUTS.inc(len(short))
    log.warning("reservation_refused", order_id=attempt.id, skus=[each.sku for each in short][:20])
    raise _out_of_stock(attempt.id, short)


def compare_orders(order_ids: Sequence[str]) -> KnownOrders:
    """Return what is known of these orders here, and the highest order number of all."""
    known = Reservation.open_by_order(order_ids)
    return KnownOrders(
        highest_order_number=Reservation.highest_order_number(),
        unreserved=[each for each in order_ids if each not in known],
        open=[each for each, is_open in known.items() if is_open],
    )


def may_become_available(order_id: str, short: Sequence[Shortage]) -> bool:
    """Return whether the short SKUs are held by undecided orders, or are available again since the shortage."""
    skus = [each.sku for each in short]
    if Reservation.any_in_flight(Stock.orders_holding(skus), besides=order_id):
        return True
    levels = Stock.levels(skus)
    return all(each.sku not in levels or levels[each.sku].available >= each.requested for each in short)


def _hold(attempt: ReservationRecord, *, stocked: Iterable[str]) -> list[ReservedLine]:
    kept = set(stocked)
    lines = [ReservedLine(line.sku, line.quantity, line.sku in kept) for line in attempt.line_items]
    if not Reservation.hold(attempt.id, attempt.token, lines):
        Stock.put_back(attempt.id, kept, token=attempt.token)
        return _superseded(attempt.id)
    RESERVATIONS.labels("held").inc()
    return lines


def _superseded(order_id: str) -> list[ReservedLine]:
    """Return, or raise, the decision that a release or another attempt made during this attempt."""
    known = Reservation.find(order_id)
    if known is None or known.status == ReservationStatus.RESERVING:
        raise _in_flight(order_id)
    return _decided(known)


def _in_flight(order_id: str) -> ReservationInFlight:
    return ReservationInFlight(f"Another request is reserving {order_id}; retry", retry_after_seconds=1)


def _out_of_stock(order_id: str, short: Sequence[Shortage]) -> OutOfStock:
    return OutOfStock(
        f"{len(short)} of the order's items cannot be reserved",
        shortages=[to_stored(each) for each in short],
        order_id=order_id,
    )


def release_stock(order_id: str) -> None:
    """Release what the order holds; safe to repeat, and before the reservation arrives."""
    released = Stock.put_back(order_id, Reservation.release(order_id))
    log.info("stock_released", order_id=order_id, skus=released)


def release_remainder(event: OrderRemainderCancelled) -> None:
    """Release the units of an order that will not be shipped, once; the units of its shipments stay reserved."""
    released = Stock.release_part(event.order_id, REMAINDER, {each.sku: each.quantity for each in event.quantities})
    Reservation.close_shipped([event.order_id])
    log.info("remainder_released", order_id=event.order_id, skus=released)


def commit_shipments(shipments: Sequence[OrderShipped]) -> None:
    """Subtract shipped units from on hand and from the reservations, each shipment once, in bulk."""
    changed = Stock.commit_shipments(_shipped(each) for each in shipments)
    Reservation.close_shipped(each.order_id for each in shipments if each.is_complete)
    log.info("shipments_committed", shipments=len(shipments), skus=changed)


def _shipped(event: OrderShipped) -> Shipped:
    quantities = {line.sku: line.quantity for line in event.quantities}
    return Shipped(event.order_id, event.shipment_id, quantities)


def list_reservations(wanted: ReservationsFilter) -> Page[OpenReservation]:
    """Return one page of open reservations begun before a moment, for the orders' reconciliation."""
    return Reservation.list_open(wanted.before, wanted)


def sweep_reservations() -> int:
    """
    Release stock of attempts that died after their order was refused or released; return how many SKUs.

    An order whose stock cannot be released stays for the next sweep, and does not stop the others.
    """
    released, swept = 0, []
    for each in Reservation.unswept(now() - SWEPT_AFTER, SWEPT_AT_A_TIME):
        try:
            released += Stock.put_back(each.id, each.skus)
        except (StockContended, msgspec.ValidationError) as fault:
            log.error("orphaned_stock_not_released", order_id=each.id, reason=str(fault))
        else:
            swept.append(each.id)
    Reservation.mark_swept(swept)
    if released:
        log.warning("orphaned_stock_released", skus=released)
    return released


def _pause() -> None:
    time.sleep(random.uniform(0.2, 1.0) * PAUSE_SECONDS)  # noqa: S311 (jitter, not a secret)
