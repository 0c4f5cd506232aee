"""Bodies of the reservations API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from marshmallow import ValidationError, fields, pre_load, validate, validates_schema

from services.products.reservations.rules import ComparedOrders, ReservationRequest, ReservationsFilter
from services.products.stock.rules import MAX_LINES, MAX_UNITS, SkuQuantity
from shared.web import schemas
from shared.web.lists import PageArgs, page_of
from shared.web.schemas import InputSchema, OutputSchema


class ReservationLineInput(InputSchema):
    builds = SkuQuantity

    sku = schemas.Sku(required=True)
    quantity = fields.Integer(required=True, strict=True, validate=validate.Range(min=1, max=MAX_UNITS))


class ReservationInput(InputSchema):
    """One entry per SKU; quantities are the sums of an order's lines."""

    builds = ReservationRequest

    line_items = fields.List(
        fields.Nested(ReservationLineInput), required=True, validate=validate.Length(min=1, max=MAX_LINES)
    )
    order_number = fields.Integer(strict=True, load_default=None, validate=validate.Range(min=1))

    @validates_schema
    def require_each_sku_once(self, body: dict[str, list[SkuQuantity]], **_: Any) -> None:
        seen: set[str] = set()
        for index, line in enumerate(body["line_items"]):
            if line.sku in seen:
                raise ValidationError({"line_items": {index: {"sku": ["Give each SKU once."]}}})
            seen.add(line.sku)


class ComparisonInput(InputSchema):
    builds = ComparedOrders

    order_ids = fields.List(schemas.text(max_length=64), required=True, validate=validate.Length(max=1000))


class ComparisonSchema(OutputSchema):
    highest_order_number = fields.Integer(allow_none=True)
    unreserved = fields.List(fields.String())
    open = fields.List(fields.String())


class ReservedLineSchema(OutputSchema):
    sku = fields.String()
    quantity = fields.Integer()
    is_stocked = fields.Boolean()


class ReservationSchema(OutputSchema):
    line_items = fields.List(fields.Nested(ReservedLineSchema))


def _storable(moment: datetime) -> None:
    """Refuse a moment without a date in UTC, such as the first hours of the year 1 east of Greenwich."""
    try:
        moment.astimezone(UTC)
    except OverflowError as fault:
        raise ValidationError("Give a moment of the years 1 to 9999 in UTC.") from fault


class ReservationsQuery(PageArgs):
    builds = ReservationsFilter

    before = fields.AwareDateTime(required=True, default_timezone=None, validate=_storable)

    @pre_load
    def restore_plus(self, values: Any, **_: Any) -> Any:
        """Return the query with `+00:00` restored: unescaped, the plus arrives as a space."""
        if "before" in values:
            return {**values, "before": values["before"].replace(" ", "+")}
        return values


class OpenReservationSchema(OutputSchema):
    order_id = fields.String()
    reserved_at = fields.DateTime()


OpenReservationPageSchema = page_of(OpenReservationSchema)
