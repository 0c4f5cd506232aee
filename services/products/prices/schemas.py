"""Bodies of the prices API."""

from __future__ import annotations

from marshmallow import fields, validate

from services.products.prices.rules import PriceRequest
from services.products.stock.rules import MAX_LINES, SkuQuantity
from shared.web import schemas
from shared.web.schemas import InputSchema, OutputSchema, UnitPriceField


class LineInput(InputSchema):
    builds = SkuQuantity

    sku = schemas.Sku(required=True)
    quantity = schemas.quantity()


class LinesInput(InputSchema):
    builds = PriceRequest

    line_items = fields.List(fields.Nested(LineInput), required=True, validate=validate.Length(min=1, max=MAX_LINES))


class PricedLineSchema(OutputSchema):
    sku = fields.String()
    name = fields.String()
    unit_price = UnitPriceField()
    is_stocked = fields.Boolean()
    available = fields.Integer(allow_none=True)
    is_active = fields.Boolean()


class PricesSchema(OutputSchema):
    items = fields.List(fields.Nested(PricedLineSchema))
    unknown_skus = fields.List(fields.String(), data_key="unknown", attribute="unknown")
