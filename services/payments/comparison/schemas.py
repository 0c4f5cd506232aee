"""Bodies of the comparison with orders."""

from __future__ import annotations

from marshmallow import fields, validate

from services.payments.comparison.rules import ComparedOrders
from shared.web.schemas import InputSchema, OutputSchema, text


class ComparisonInput(InputSchema):
    builds = ComparedOrders

    order_ids = fields.List(text(max_length=64), required=True, validate=validate.Length(max=1000))


class SettledOrderSchema(OutputSchema):
    """Amounts are minor units of the payment's currency."""

    order_id = fields.String()
    captured_amount = fields.Integer()
    refunded_amount = fields.Integer()


class ComparisonSchema(OutputSchema):
    items = fields.List(fields.Nested(SettledOrderSchema))
    newest = fields.List(fields.String())
