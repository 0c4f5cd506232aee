"""What the API shows of an order: the typed view, how it is derived, and the bodies that are written from it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from marshmallow import fields, validate
from msgspec import Struct

from services.orders.failures.schemas import REASON, FailureSchema, FailureView, failure_view, shown_reason
from services.orders.orders.documents import Order, OrderRecord
from services.orders.orders.rules import (
    ACTIONS_OF_PEOPLE,
    ENDED,
    Cancellation,
    OrderAction,
    OrderStatus,
    Return,
    Shipment,
    ShipmentLine,
    allowed_actions,
    amounts_per_line,
    captured_amount,
    captured_shipments,
    quantities_per_line,
    refunded_amount,
    refunds_per_line,
    unshipped_amount,
)
from shared.base.money import Money, UnitPrice
from shared.web.schemas import InputSchema, MoneyField, OutputSchema, UnitPriceField, text
from shared.web.tokens import Principal

STATUSES = [status.value for status in OrderStatus]


class CancellationInput(InputSchema):
    builds = Cancellation

    reason = text(max_length=500, multiline=True)


class OrderLineSchema(OutputSchema):
    """`cancelled_quantity`: units that will not be shipped, because the order or its remainder was cancelled."""

    line_id = fields.String()
    sku = fields.String()
    name = fields.String()
    quantity = fields.Integer()
    unit_price = UnitPriceField()
    total = MoneyField()
    shipped_quantity = fields.Integer()
    returned_quantity = fields.Integer()
    cancelled_quantity = fields.Integer()
    captured_total = MoneyField()
    refunded_total = MoneyField()


class ShippedLineSchema(OutputSchema):
    line_id = fields.String()
    quantity = fields.Integer()


class ShipmentSchema(OutputSchema):
    """`failure` is why its capture was refused."""

    id = fields.String()
    reference = fields.String(allow_none=True)
    line_items = fields.List(fields.Nested(ShippedLineSchema))
    total = MoneyField()
    captured_total = MoneyField()
    failure = fields.String(allow_none=True, metadata={"description": REASON})
    shipped_at = fields.DateTime()


class ReturnedLineSchema(OutputSchema):
    line_id = fields.String()
    quantity = fields.Integer()
    refund_total = MoneyField()


class ReturnSchema(OutputSchema):
    """`failure` is why its refund was refused."""

    id = fields.String()
    reference = fields.String(allow_none=True)
    returned_on = fields.Date()
    line_items = fields.List(fields.Nested(ReturnedLineSchema))
    total = MoneyField()
    refunded_total = MoneyField()
    failure = fields.String(allow_none=True, metadata={"description": REASON})
    created_at = fields.DateTime()


class OrderSchema(OutputSchema):
    """
    `allowed_actions` names what the order's state and quantities allow a person with the permission to ask for.

    `cancelled_total` is the share of `total` that will not be shipped. `failures` are refused captures and refunds;
    `settlement_note` is how a person dealt with them, shown to staff only.
    """

    id = fields.String()
    number = fields.String()
    reference = fields.String(allow_none=True)
    po_number = fields.String(allow_none=True)
    status = fields.String(validate=validate.OneOf(STATUSES))
    status_reason = fields.String(allow_none=True)
    allowed_actions = fields.List(fields.String(validate=validate.OneOf([each.value for each in ACTIONS_OF_PEOPLE])))
    ordered_on = fields.Date()
    company_id = fields.String()
    placed_by = fields.String()
    acted_by = fields.String(allow_none=True)
    line_items = fields.List(fields.Nested(OrderLineSchema))
    total = MoneyField()
    captured_total = MoneyField()
    refunded_total = MoneyField()
    cancelled_total = MoneyField()
    payment_id = fields.String(allow_none=True)
    shipments = fields.List(fields.Nested(ShipmentSchema))
    returns = fields.List(fields.Nested(ReturnSchema))
    failures = fields.List(fields.Nested(FailureSchema))
    settlement_note = fields.String(allow_none=True, metadata={"description": "Shown to staff only."})
    created_at = fields.DateTime()
    updated_at = fields.DateTime()


class LineView(Struct):
    line_id: str
    sku: str
    name: str
    quantity: int
    unit_price: UnitPrice
    total: Money
    shipped_quantity: int
    returned_quantity: int
    cancelled_quantity: int
    captured_total: Money
    refunded_total: Money


class ShipmentView(Struct):
    id: str
    reference: str | None
    line_items: list[ShipmentLine]
    total: Money
    captured_total: Money
    failure: str | None
    shipped_at: datetime


class ReturnedLineView(Struct):
    line_id: str
    quantity: int
    refund_total: Money


class ReturnView(Struct):
    id: str
    reference: str | None
    returned_on: str
    line_items: list[ReturnedLineView]
    total: Money
    refunded_total: Money
    failure: str | None
    created_at: datetime


class OrderView(Struct, kw_only=True):
    """Totals and progress per line are derived here and never stored."""

    id: str
    number: str
    reference: str | None
    po_number: str | None
    status: OrderStatus
    status_reason: str | None
    allowed_actions: list[OrderAction]
    ordered_on: str
    company_id: str
    placed_by: str
    acted_by: str | None
    line_items: list[LineView]
    total: Money
    captured_total: Money
    refunded_total: Money
    cancelled_total: Money
    payment_id: str | None
    shipments: list[ShipmentView]
    returns: list[ReturnView]
    failures: list[FailureView]
    settlement_note: str | None
    created_at: datetime
    updated_at: datetime
    revision: str


def order_view(order: Order | OrderRecord, reader: Principal) -> OrderView:
    """Return what the API shows of an order: the reasons of refusals and the note about them only to staff."""
    is_staff = reader.covers_all("orders:read")
    currency = order.currency
    lines = _lines(order)
    cancelled = unshipped_amount(order.total_amount, order.shipments) if order.status in ENDED else 0
    reasons = {failure.subject_id: shown_reason(failure, to_staff=is_staff) for failure in order.failures}
    can_return = any(line.shipped_quantity > line.returned_quantity for line in lines)
    actions = allowed_actions(order.status, has_returnable=can_return, needs_attention=bool(order.needs_attention))
    return OrderView(
        id=order.id,
        number=order.number,
        reference=order.reference,
        po_number=order.po_number,
        status=order.status,
        status_reason=order.status_reason,
        allowed_actions=actions,
        ordered_on=order.ordered_on,
        company_id=order.company_id,
        placed_by=order.placed_by,
        acted_by=order.acted_by,
        line_items=lines,
        total=Money(order.total_amount, currency),
        captured_total=Money(captured_amount(order.shipments), currency),
        refunded_total=Money(refunded_amount(order.returns, order.refunds), currency),
        cancelled_total=Money(cancelled, currency),
        payment_id=order.payment_id,
        shipments=[_shipment(shipment, currency, reasons.get(shipment.id)) for shipment in order.shipments],
        returns=[_return(entry, currency, reasons.get(entry.id)) for entry in order.returns],
        failures=[failure_view(failure, currency, to_staff=is_staff) for failure in order.failures],
        settlement_note=order.settlement_note if is_staff else None,
        created_at=order.created_at,
        updated_at=order.updated_at,
        revision=order.revision,
    )


def _lines(order: Order | OrderRecord) -> list[LineView]:
    currency = order.currency
    shipped, returned = quantities_per_line(order.shipments), quantities_per_line(order.returns)
    captured = amounts_per_line(captured_shipments(order.shipments))
    refunded = refunds_per_line(entry for entry in order.returns if entry.refunded_amount is not None)
    return [
        LineView(
            line.line_id,
            line.sku,
            line.name,
            line.quantity,
            UnitPrice(Decimal(line.unit_amount), currency),
            Money(line.total_amount, currency),
            shipped[line.line_id],
            returned[line.line_id],
            line.quantity - shipped[line.line_id] if order.status in ENDED else 0,
            Money(captured[line.line_id], currency),
            Money(refunded[line.line_id], currency),
        )
        for line in order.line_items
    ]


def _shipment(shipment: Shipment, currency: str, failure: str | None) -> ShipmentView:
    return ShipmentView(
        shipment.id,
        shipment.reference,
        shipment.line_items,
        Money(shipment.amount, currency),
        Money(shipment.captured_amount or 0, currency),
        failure,
        shipment.shipped_at,
    )


def _return(entry: Return, currency: str, failure: str | None) -> ReturnView:
    return ReturnView(
        entry.id,
        entry.reference,
        entry.returned_on,
        [
            ReturnedLineView(line.line_id, line.quantity, Money(line.refund_amount, currency))
            for line in entry.line_items
        ],
        Money(entry.amount, currency),
        Money(entry.refunded_amount or 0, currency),
        failure,
        entry.created_at,
    )
