"""The request body that places an order."""

from __future__ import annotations

from marshmallow import fields, validate

from services.orders.checkout.rules import CardPayment, PlaceOrder, RequestedLine
from services.orders.orders.rules import MAX_LINES
from shared.web import schemas
from shared.web.schemas import Day, InputSchema, MoneyField, Sku, UnitPriceField


class OrderLineInput(InputSchema):
    """`unit_price` overrides the catalog's and needs `orders:override_price`."""

    builds = RequestedLine

    sku = Sku(required=True)
    quantity = schemas.quantity()
    unit_price = UnitPriceField(load_default=None)


class PaymentInput(InputSchema):
    """`token` comes from the card processor's page; no card number ever reaches us."""

    builds = CardPayment

    method = fields.String(required=True, validate=validate.OneOf(["card"]))
    token = schemas.text(max_length=255)


class PlaceOrderInput(InputSchema):
    """
    Without `line_items` the cart is placed.

    `ordered_on` is today or a day beside it, for staff any day that is not in the future. With `expected_total`
    nothing is placed at another total: 409 `total-changed` with the new one, and the same key may accept it.
    """

    builds = PlaceOrder

    line_items = fields.List(
        fields.Nested(OrderLineInput), load_default=None, validate=validate.Length(min=1, max=MAX_LINES)
    )
    po_number = schemas.text(max_length=100, required=False, load_default=None)
    reference = schemas.text(max_length=100, required=False, load_default=None)
    ordered_on = Day(load_default=None)
    expected_total = MoneyField(load_default=None)
    payment = fields.Nested(PaymentInput, load_default=None, allow_none=True)
