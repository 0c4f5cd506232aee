"""Request bodies of shipments and returns."""

from __future__ import annotations

from marshmallow import fields, validate

from services.orders.fulfillment.rules import LineToReturn, LineToShip, ReturnItems, Settlement, ShipOrder
from services.orders.orders.rules import MAX_LINES
from shared.web import schemas
from shared.web.schemas import Day, InputSchema, MoneyField

SOME_LINES = validate.Length(min=1, max=MAX_LINES)


class ShipmentLineInput(InputSchema):
    builds = LineToShip

    line_id = schemas.text(max_length=10)
    quantity = schemas.quantity()


class ShipmentInput(InputSchema):
    """Without `line_items` all that is left is shipped."""

    builds = ShipOrder

    reference = schemas.text(max_length=100, required=False, load_default=None)
    line_items = fields.List(fields.Nested(ShipmentLineInput), load_default=None, validate=SOME_LINES)


class ReturnLineInput(InputSchema):
    """Without `refund_amount` the returned share of what was captured is refunded."""

    builds = LineToReturn

    line_id = schemas.text(max_length=10)
    quantity = schemas.quantity()
    refund_amount = MoneyField(load_default=None, is_of_record=True)


class ReturnInput(InputSchema):
    builds = ReturnItems

    reference = schemas.text(max_length=100, required=False, load_default=None)
    returned_on = Day(load_default=None)
    line_items = fields.List(fields.Nested(ReturnLineInput), required=True, validate=SOME_LINES)


class SettlementInput(InputSchema):
    """`note` says how the refused captures and refunds were dealt with."""

    builds = Settlement

    note = schemas.text(max_length=500)
