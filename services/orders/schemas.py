"""Bodies of the carts' and orders' API."""

from __future__ import annotations

from marshmallow import fields, validate

from services.orders.rules.pricing import MAX_LINES
from services.orders.rules.statuses import OrderStatus
from shared.web import schemas
from shared.web.schemas import InputSchema, MoneyField, OutputSchema, PageArgs, Sku, UnitPriceField, page_of

SOME_LINES = validate.Length(min=1, max=MAX_LINES)


class CartItemInput(InputSchema):
    sku = Sku(required=True)
    quantity = schemas.quantity()


class CartInput(InputSchema):
    line_items = fields.List(fields.Nested(CartItemInput), required=True, validate=validate.Length(max=MAX_LINES))


class CartLineSchema(OutputSchema):
    """`available` is null for what is not stocked; prices are null for what is not sold any more."""

    sku = fields.String()
    name = fields.String()
    quantity = fields.Integer()
    unit_price = UnitPriceField(allow_none=True)
    total = MoneyField(allow_none=True)
    available = fields.Integer(allow_none=True)
    is_available = fields.Boolean()


class CartSchema(OutputSchema):
    line_items = fields.List(fields.Nested(CartLineSchema))
    total = MoneyField(allow_none=True)
    updated_at = fields.DateTime(allow_none=True)


class OrderLineInput(CartItemInput):
    """`unit_price` overrides the catalog's and needs `orders:override_price`."""

    unit_price = UnitPriceField(load_default=None)


class PaymentInput(InputSchema):
    """`token` comes from the card processor's page; no card number ever reaches us."""

    method = fields.String(required=True, validate=validate.OneOf(["card"]))
    token = schemas.text(max_length=255)


class PlaceOrderInput(InputSchema):
    """Without `line_items` the cart is placed."""

    line_items = fields.List(fields.Nested(OrderLineInput), load_default=None, validate=SOME_LINES)
    po_number = schemas.text(max_length=100, required=False, load_default=None)
    reference = schemas.text(max_length=100, required=False, load_default=None)
    ordered_on = fields.Date(load_default=None)
    payment = fields.Nested(PaymentInput, load_default=None, allow_none=True)


class OrdersQuery(PageArgs):
    """`company_id` is for staff."""

    reference = fields.String(load_default=None, validate=validate.Length(max=100))
    ordered_on = fields.Date(load_default=None)
    status = fields.String(load_default=None, validate=validate.OneOf([status.value for status in OrderStatus]))
    company_id = fields.String(load_default=None, validate=validate.Length(max=100))


class CancellationInput(InputSchema):
    reason = schemas.text(max_length=500)


class ShipmentLineInput(InputSchema):
    line_id = schemas.text(max_length=10)
    quantity = schemas.quantity()


class ShipmentInput(InputSchema):
    """Without `line_items` all that is left is shipped."""

    reference = schemas.text(max_length=100, required=False, load_default=None)
    line_items = fields.List(fields.Nested(ShipmentLineInput), load_default=None, validate=SOME_LINES)


class ReturnLineInput(ShipmentLineInput):
    """Without `refund_amount` the returned share of what was captured is refunded."""

    refund_amount = MoneyField(load_default=None)


class ReturnInput(InputSchema):
    reference = schemas.text(max_length=100, required=False, load_default=None)
    returned_on = fields.Date(load_default=None)
    line_items = fields.List(fields.Nested(ReturnLineInput), required=True, validate=SOME_LINES)


class OrderLineSchema(OutputSchema):
    line_id = fields.String()
    sku = fields.String()
    name = fields.String()
    quantity = fields.Integer()
    unit_price = UnitPriceField()
    total = MoneyField()
    shipped_quantity = fields.Integer()
    returned_quantity = fields.Integer()
    captured_total = MoneyField()
    refunded_total = MoneyField()


class ShippedLineSchema(OutputSchema):
    line_id = fields.String()
    quantity = fields.Integer()


class ShipmentSchema(OutputSchema):
    id = fields.String()
    reference = fields.String(allow_none=True)
    line_items = fields.List(fields.Nested(ShippedLineSchema))
    total = MoneyField()
    captured_total = MoneyField()
    shipped_at = fields.DateTime()


class ReturnedLineSchema(OutputSchema):
    line_id = fields.String()
    quantity = fields.Integer()
    refund_total = MoneyField()


class ReturnSchema(OutputSchema):
    id = fields.String()
    reference = fields.String(allow_none=True)
    returned_on = fields.String()
    line_items = fields.List(fields.Nested(ReturnedLineSchema))
    total = MoneyField()
    refunded_total = MoneyField()
    created_at = fields.DateTime()


class OrderSchema(OutputSchema):
    id = fields.String()
    number = fields.String()
    reference = fields.String(allow_none=True)
    po_number = fields.String(allow_none=True)
    status = fields.String(validate=validate.OneOf([status.value for status in OrderStatus]))
    status_reason = fields.String(allow_none=True)
    ordered_on = fields.String()
    company_id = fields.String()
    placed_by = fields.String()
    acted_by = fields.String(allow_none=True)
    line_items = fields.List(fields.Nested(OrderLineSchema))
    total = MoneyField()
    captured_total = MoneyField()
    refunded_total = MoneyField()
    payment_id = fields.String(allow_none=True)
    shipments = fields.List(fields.Nested(ShipmentSchema))
    returns = fields.List(fields.Nested(ReturnSchema))
    created_at = fields.DateTime()
    updated_at = fields.DateTime()


OrderPageSchema = page_of(OrderSchema)
