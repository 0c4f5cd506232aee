"""Reservations: all of an order's stock or none, taken off as it ships, given back when it is cancelled."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from services.products.documents import Reservation, ReservationStatus, Stock
from services.products.documents.reservation import skus_of
from services.products.errors import OutOfStock, ReservationDiffers, ReservationInFlight, ReservationReleased
from services.products.rules.stock import Shortage, shortages
from shared.base import deadline
from shared.base.clock import now
from shared.data.pagination import Page
from shared.events.catalog.orders import OrderShipped
from shared.observe.metrics import counter
from shared.observe.observability import get_logger

log = get_logger()

# How long to wait for other orders that hold what is short but are not decided, and for a repeat's first attempt.
PATIENCE_SECONDS = 1.0
PAUSE_SECONDS = 0.02
SWEPT_AFTER = timedelta(seconds=30)
SWEPT_AT_A_TIME = 500

RESERVATIONS = counter("reservations_total", "Reservations decided, by outcome", ["outcome"])
STOCK_OUTS = counter("stock_outs_total", "SKUs that an order could not have, for lack of stock")

Line = Mapping[str, Any]


def reserve_stock(order_id: str, line_items: Sequence[Line]) -> dict[str, Any]:
    """
    Hold stock of every SKU of an order, or of none; what is not stocked is never short.

    The order id is the key: a repeat gets the first decision again. Raises OutOfStock with the shortages,
    ReservationReleased once the order was released, ReservationInFlight while the first attempt is at work.
    """
    begun = Reservation.begin(order_id, line_items)
    return _repeat(order_id, line_items) if begun is None else _reserve(begun)


def _repeat(order_id: str, line_items: Sequence[Line]) -> dict[str, Any]:
    give_up_at = time.monotonic() + deadline.within(PATIENCE_SECONDS)
    while time.monotonic() < give_up_at:
        known = Reservation.find(order_id)
        if known is not None and known["status"] != ReservationStatus.RESERVING:
            return _decided(known, line_items)
        taken_over = Reservation.take_over(order_id)
        if taken_over is not None:
            Stock.put_back(order_id, skus_of(taken_over))
            return _reserve(taken_over)
        _pause()
    raise ReservationInFlight(f"The reservation of {order_id} is being made", retry_after_seconds=1)


def _decided(known: Mapping[str, Any], line_items: Sequence[Line] | None = None) -> dict[str, Any]:
    """Return, or raise, what was decided about the order."""
    if known["status"] == ReservationStatus.RELEASED:
        raise ReservationReleased(f"The reservation of {known['_id']} was released")
    if line_items is not None and _quantities(known["line_items"]) != _quantities(line_items):
        raise ReservationDiffers(f"{known['_id']} is reserved with other quantities")
    if known["status"] == ReservationStatus.REFUSED:
        raise _out_of_stock(known["_id"], known["shortages"])
    return {"line_items": known["line_items"]}


def _reserve(attempt: Mapping[str, Any]) -> dict[str, Any]:
    quantities = _quantities(attempt["line_items"])
    order_id, token = attempt["_id"], attempt["token"]
    give_up_at = time.monotonic() + deadline.within(PATIENCE_SECONDS)
    while True:
        is_complete = Stock.take(order_id, token, quantities)
        views = {} if is_complete else Stock.views(order_id, token, quantities)
        short = shortages(quantities, views)
        if not short:
            return _hold(attempt, stocked=quantities.keys() if is_complete else views.keys())
        Stock.put_back(order_id, quantities, token=token)
        if time.monotonic() > give_up_at or not may_be_had(order_id, short):
            break
        _pause()
    if not Reservation.refuse(order_id, token, short):
        return _overtaken(order_id)
    RESERVATIONS.labels("refused").inc()
    STOCK_OUTS.inc(len(short))
    log.warning("stock_short", order_id=order_id, skus=[shortage["sku"] for shortage in short][:20])
    raise _out_of_stock(order_id, short)


def may_be_had(order_id: str, short: Sequence[Shortage]) -> bool:
    """Return whether what is short is held by undecided orders, or came back since it was looked at."""
    skus = [shortage["sku"] for shortage in short]
    if Reservation.any_in_flight(Stock.orders_holding(skus), besides=order_id):
        return True
    levels = Stock.levels(skus)
    return all(each["sku"] not in levels or levels[each["sku"]]["available"] >= each["requested"] for each in short)


def _hold(attempt: Mapping[str, Any], *, stocked: Iterable[str]) -> dict[str, Any]:
    order_id, token = attempt["_id"], attempt["token"]
    kept = set(stocked)
    lines = [{**line, "is_stocked": line["sku"] in kept} for line in attempt["line_items"]]
    if not Reservation.decide(order_id, token, ReservationStatus.HELD, line_items=lines):
        Stock.put_back(order_id, kept, token=token)
        return _overtaken(order_id)
    RESERVATIONS.labels("held").inc()
    return {"line_items": lines}


def _overtaken(order_id: str) -> dict[str, Any]:
    """Answer for an attempt that was released, or replaced by another, while it was at work."""
    known = Reservation.find(order_id)
    if known is None or known["status"] == ReservationStatus.RESERVING:
        raise ReservationInFlight(f"The reservation of {order_id} is being made", retry_after_seconds=1)
    return _decided(known)


def _out_of_stock(order_id: str, short: Sequence[Shortage]) -> OutOfStock:
    return OutOfStock(f"{len(short)} of the order's items cannot be reserved", shortages=list(short), order_id=order_id)


def release_stock(order_id: str) -> None:
    """Give back what the order holds; safe to repeat, and before the reservation arrives."""
    released = Stock.put_back(order_id, Reservation.release(order_id))
    log.info("stock_released", order_id=order_id, skus=released)


def commit_shipments(shipments: Sequence[OrderShipped]) -> None:
    """Take what left off on hand and off the reservations, each shipment once, in bulk."""
    changed = Stock.commit_shipments(
        (each.order_id, each.shipment_id, {line.sku: line.quantity for line in each.quantities}) for each in shipments
    )
    Reservation.close_shipped(each.order_id for each in shipments if each.is_complete)
    log.info("shipments_committed", shipments=len(shipments), skus=changed)


def list_reservations(*, before: datetime, cursor: str | None, limit: int) -> Page[dict[str, Any]]:
    """Return one page of open reservations begun before a moment, for the orders' reconciliation."""
    return Reservation.list_open(before, cursor=cursor, limit=limit)


def sweep_reservations() -> int:
    """Give back what an attempt took and died with, after its order was refused or released; return how many SKUs."""
    closed = Reservation.unswept(now() - SWEPT_AFTER, SWEPT_AT_A_TIME)
    released = sum(Stock.put_back(each["_id"], skus_of(each)) for each in closed)
    Reservation.mark_swept([each["_id"] for each in closed])
    if released:
        log.warning("stock_swept", skus=released)
    return released


def _quantities(line_items: Iterable[Line]) -> dict[str, int]:
    return {line["sku"]: line["quantity"] for line in line_items}


def _pause() -> None:
    time.sleep(random.uniform(0.2, 1.0) * PAUSE_SECONDS)  # noqa: S311 (jitter, not a secret)
