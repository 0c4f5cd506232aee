"""Bodies of the cart's API."""

from __future__ import annotations

from marshmallow import fields, validate

from services.orders.carts.rules import CartContents, CartLine
from services.orders.orders.rules import MAX_LINES
from shared.web import schemas
from shared.web.schemas import InputSchema, MoneyField, OutputSchema, Sku, UnitPriceField


class CartItemInput(InputSchema):
    builds = CartLine

    sku = Sku(required=True)
    quantity = schemas.quantity()


class CartInput(InputSchema):
    builds = CartContents

    line_items = fields.List(fields.Nested(CartItemInput), required=True, validate=validate.Length(max=MAX_LINES))


class CartLineSchema(OutputSchema):
    """
    `available` is null for what is not stocked; prices are null for an unknown SKU.

    `problem` says why the line cannot be ordered as it stands, null when it can.
    """

    sku = fields.String()
    name = fields.String()
    quantity = fields.Integer()
    unit_price = UnitPriceField(allow_none=True)
    total = MoneyField(allow_none=True)
    available = fields.Integer(allow_none=True)
    is_available = fields.Boolean()
    problem = fields.String(allow_none=True)


class CartSchema(OutputSchema):
    """`problem` says why no order can hold these lines together: two currencies, or more than an order may cost."""

    line_items = fields.List(fields.Nested(CartLineSchema))
    total = MoneyField(allow_none=True)
    problem = fields.String(allow_none=True)
    updated_at = fields.DateTime(allow_none=True)
