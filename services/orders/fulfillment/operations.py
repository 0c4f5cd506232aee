"""Shipping an order, cancelling its remainder, taking units back, and counting what was captured and refunded."""

from __future__ import annotations

from dataclasses import dataclass

from services.orders.config import OrdersSettings
from services.orders.failures.rules import Failure, failed_ids
from services.orders.fulfillment.documents import (
    record_capture,
    record_failure,
    record_refund,
    record_remainder_cancellation,
    record_return,
    record_settlement,
    record_shipment,
)
from services.orders.fulfillment.rules import (
    ReturnItems,
    Settlement,
    ShipOrder,
    find_repeated,
    plan_return,
    plan_shipment,
    require_past_day,
)
from services.orders.orders.documents import Order
from services.orders.orders.rules import Cancellation, OrderAction, Return, Shipment
from shared.base.clock import days_of_today, now, today
from shared.base.ids import new_id
from shared.base.preconditions import Precondition
from shared.data.version_conflicts import retry_on_version_conflict
from shared.observe.observability import get_logger
from shared.web.service import current_settings
from shared.web.tokens import Principal

log = get_logger()


@dataclass(frozen=True)
class Recorded:
    """An order with the shipment or return that a request recorded, or had recorded before."""

    order: Order
    entry: Shipment | Return
    is_new: bool

    @property
    def http_status(self) -> int:
        return 201 if self.is_new else 200


@retry_on_version_conflict
def ship_order(staff: Principal, order_id: str, key: str, wanted: ShipOrder, precondition: Precondition) -> Recorded:
    """
    Ship the lines named, or all that is left; return the order and the shipment.

    A repeated key or reference changes nothing. Raises OrderNotShippable, and InvalidInput for more than is left of
    a line.
    """
    order = Order.get(order_id, **staff.company_scope("orders:ship"))
    known = find_repeated(order.shipments, key, wanted.reference)
    if known is not None:
        return Recorded(order, known, is_new=False)
    precondition.require(order.revision)
    order.require(OrderAction.SHIP)
    lines = plan_shipment(order.line_items, order.shipments, wanted.line_items)
    amount = sum(line.amount for line in lines)
    is_free = not amount or order.payment_id is None
    shipment = Shipment(
        id=new_id("shp"),
        line_items=lines,
        amount=amount,
        captured_amount=0 if is_free else None,
        shipped_at=now(),
        reference=wanted.reference,
        idempotency_key=key,
    )
    record_shipment(order, shipment, settle_within=_settle_seconds())
    order.commit()
    log.info("order_shipped", order_id=order.id, lines=len(lines), status=order.status)
    return Recorded(order, shipment, is_new=True)


@retry_on_version_conflict
def cancel_remainder(
    principal: Principal, order_id: str, cancellation: Cancellation, precondition: Precondition
) -> Order:
    """
    Cancel what is left of a partly shipped order, for its company or as staff.

    Products releases its stock and payments its share of the authorisation, by event. Raises OrderNotCancellable.
    """
    order = Order.get(order_id, **principal.company_scope("orders:write"))
    precondition.require(order.revision)
    record_remainder_cancellation(order, cancellation.reason, repeat_after=_settle_seconds())
    order.commit()
    log.info("order_remainder_cancelled", order_id=order.id)
    return order


@retry_on_version_conflict
def return_items(
    staff: Principal, order_id: str, key: str, wanted: ReturnItems, precondition: Precondition
) -> Recorded:
    """
    Take shipped units back; return the order and the return. Payments refunds them by event.

    Stock is not put back (docs/adr/0003). A repeated key or reference changes nothing. Raises InvalidInput for more
    than was shipped or captured and for a day in the future, CapturePending while a capture is pending.
    """
    order = Order.get(order_id, **staff.company_scope("orders:return"))
    known = find_repeated(order.returns, key, wanted.reference)
    if known is not None:
        return Recorded(order, known, is_new=False)
    precondition.require(order.revision)
    require_past_day(wanted.returned_on, days_of_today()[1])
    shipments, failed = order.shipments, failed_ids(order.failures)
    lines = plan_return(
        order.line_items, shipments, order.returns, order.refunds, wanted.line_items, order.currency, failed=failed
    )
    amount = sum(line.refund_amount for line in lines)
    entry = Return(
        id=new_id("ret"),
        line_items=lines,
        amount=amount,
        refunded_amount=None if amount else 0,
        returned_on=(wanted.returned_on or today()).isoformat(),
        created_at=now(),
        reference=wanted.reference,
        idempotency_key=key,
    )
    record_return(order, entry, settle_within=_settle_seconds())
    order.commit()
    log.info("order_returned", order_id=order.id, lines=len(lines))
    return Recorded(order, entry, is_new=True)


def count_capture(order_id: str, shipment_id: str, amount: int) -> None:
    """Record the capture of a shipment; safe to run twice."""
    order = Order.get(order_id)
    if record_capture(order, shipment_id, amount):
        order.commit()
        log.info("capture_counted", order_id=order_id, shipment_id=shipment_id)


def count_refund(order_id: str, refund_id: str, return_id: str | None, amount: int) -> None:
    """Record a refund of a return, or one without a return; safe to run twice."""
    order = Order.get(order_id)
    if record_refund(order, refund_id, return_id, amount):
        order.commit()
        log.info("refund_counted", order_id=order_id, refund_id=refund_id)


def note_failure(order_id: str, failure: Failure) -> None:
    """Record a refused capture or refund, so that staff see it and the order does not repeat it; safe to run twice."""
    order = Order.get(order_id)
    if record_failure(order, failure):
        order.commit()
        log.error(
            "settlement_failed",
            order_id=order_id,
            kind=failure.kind,
            subject_id=failure.subject_id,
            reason=failure.reason,
        )


@retry_on_version_conflict
def settle_failures(staff: Principal, order_id: str, settlement: Settlement, precondition: Precondition) -> Order:
    """Record how a person dealt with the order's refused captures and refunds; raise ActionNotAllowed without any."""
    order = Order.get(order_id, **staff.company_scope("orders:return"))
    precondition.require(order.revision)
    record_settlement(order, settlement.note)
    order.commit()
    log.info("failures_settled", order_id=order.id)
    return order


def _settle_seconds() -> int:
    return current_settings(OrdersSettings).settle_patience_seconds
