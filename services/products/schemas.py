"""Request and response bodies of the products service."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask_smorest.fields import Upload
from marshmallow import ValidationError, fields, pre_load, validate, validates_schema

from shared.web import schemas
from shared.web.schemas import InputSchema, OutputSchema, PageArgs, UnitPriceField, page_of

MAX_ON_HAND = 1_000_000_000
MAX_LINES = 5_000


class PriceBreakInput(InputSchema):
    min_quantity = schemas.quantity()
    unit_price = UnitPriceField(required=True)


class ProductChanges(InputSchema):
    """What PATCH may change; fields left out stay as they are."""

    name = schemas.text(required=False)
    description = schemas.text(required=False, blank=True, max_length=5_000)
    category = schemas.text(required=False, blank=True, max_length=100)
    unit_price = UnitPriceField()
    price_breaks = fields.List(fields.Nested(PriceBreakInput))
    is_active = fields.Boolean(truthy={True}, falsy={False})


class ProductInput(ProductChanges):
    sku = schemas.Sku(required=True)
    name = schemas.text()
    unit_price = UnitPriceField(required=True)


class PriceBreakSchema(OutputSchema):
    min_quantity = fields.Integer()
    unit_price = UnitPriceField()


class ProductSchema(OutputSchema):
    sku = fields.String()
    name = fields.String()
    description = fields.String()
    category = fields.String()
    unit_price = UnitPriceField()
    price_breaks = fields.List(fields.Nested(PriceBreakSchema))
    is_stocked = fields.Boolean()
    available = fields.Integer(allow_none=True)
    is_active = fields.Boolean()
    version = fields.Integer()
    created_at = fields.DateTime()
    updated_at = fields.DateTime()


ProductPageSchema = page_of(ProductSchema)


class ProductsQuery(PageArgs):
    category = fields.String(load_default=None, validate=validate.Length(max=100))


class AllProductsQuery(InputSchema):
    cursor = fields.String(load_default=None, validate=validate.Length(max=512))
    limit = fields.Integer(load_default=500, validate=validate.Range(min=1, max=500))


class InventoryInput(InputSchema):
    """`on_hand` null: not stocked, never reserved."""

    on_hand = fields.Integer(
        required=True, strict=True, allow_none=True, validate=validate.Range(min=0, max=MAX_ON_HAND)
    )


class InventorySchema(OutputSchema):
    sku = fields.String()
    is_stocked = fields.Boolean()
    on_hand = fields.Integer(allow_none=True)
    reserved = fields.Integer()
    available = fields.Integer(allow_none=True)


class ImportFile(InputSchema):
    file = Upload(required=True)


class RowFaultSchema(OutputSchema):
    row = fields.Integer(metadata={"description": "As a spreadsheet numbers rows: the heading is 1; 0 is the file."})
    field = fields.String()
    detail = fields.String()


class ImportSchema(OutputSchema):
    id = fields.String(attribute="_id")
    filename = fields.String()
    status = fields.String()
    rows_read = fields.Integer()
    created = fields.Integer()
    updated = fields.Integer()
    unchanged = fields.Integer()
    failed = fields.Integer()
    errors = fields.List(fields.Nested(RowFaultSchema))
    created_at = fields.DateTime()
    finished_at = fields.DateTime(allow_none=True)


class LineInput(InputSchema):
    sku = schemas.Sku(required=True)
    quantity = schemas.quantity()


class LinesInput(InputSchema):
    line_items = fields.List(fields.Nested(LineInput), required=True, validate=validate.Length(min=1, max=MAX_LINES))


class ReservationLineInput(InputSchema):
    sku = schemas.Sku(required=True)
    quantity = fields.Integer(required=True, strict=True, validate=validate.Range(min=1, max=MAX_ON_HAND))


class ReservationInput(InputSchema):
    """One entry per SKU; quantities are the sums of an order's lines."""

    line_items = fields.List(
        fields.Nested(ReservationLineInput), required=True, validate=validate.Length(min=1, max=MAX_LINES)
    )

    @validates_schema
    def require_each_sku_once(self, body: dict[str, Any], **_: Any) -> None:
        seen: set[str] = set()
        for index, line in enumerate(body["line_items"]):
            if line["sku"] in seen:
                raise ValidationError({"line_items": {index: {"sku": ["Give each SKU once."]}}})
            seen.add(line["sku"])


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


class ReservedLineSchema(OutputSchema):
    sku = fields.String()
    quantity = fields.Integer()
    is_stocked = fields.Boolean()


class ReservationSchema(OutputSchema):
    line_items = fields.List(fields.Nested(ReservedLineSchema))


def _storable(moment: datetime) -> None:
    """Refuse what has no date in UTC, such as the first hours of the year 1 east of Greenwich."""
    try:
        moment.astimezone(UTC)
    except OverflowError as fault:
        raise ValidationError("Give a moment of the years 1 to 9999 in UTC.") from fault


class ReservationsQuery(PageArgs):
    before = fields.AwareDateTime(required=True, default_timezone=None, validate=_storable)

    @pre_load
    def restore_plus(self, values: Any, **_: Any) -> Any:
        """An unescaped `+00:00` arrives as a space."""
        if "before" in values:
            return {**values, "before": values["before"].replace(" ", "+")}
        return values


class OpenReservationSchema(OutputSchema):
    order_id = fields.String(attribute="_id")
    reserved_at = fields.DateTime()


OpenReservationPageSchema = page_of(OpenReservationSchema)
