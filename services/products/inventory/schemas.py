"""Bodies of the inventory API."""

from __future__ import annotations

from dataclasses import dataclass

from marshmallow import fields, validate

from services.products.stock.rules import MAX_UNITS
from shared.base.pages import ChangesRequest
from shared.web.lists import ChangesArgs, changes_page_of, sort_by
from shared.web.schemas import InputSchema, OutputSchema


@dataclass(frozen=True)
class InventoryCount:
    """The counted units; None: not stocked, never reserved."""

    on_hand: int | None


class InventoryInput(InputSchema):
    """`on_hand` null: not stocked, never reserved."""

    builds = InventoryCount

    on_hand = fields.Integer(required=True, strict=True, allow_none=True, validate=validate.Range(min=0, max=MAX_UNITS))


class InventorySchema(OutputSchema):
    sku = fields.String()
    is_stocked = fields.Boolean()
    on_hand = fields.Integer(allow_none=True)
    reserved = fields.Integer()
    available = fields.Integer(allow_none=True)
    updated_at = fields.DateTime(
        allow_none=True,
        metadata={"description": "When one of the numbers changed last; null: the SKU was never stocked."},
    )


InventoryPageSchema = changes_page_of(InventorySchema)


class InventoryQuery(ChangesArgs):
    builds = ChangesRequest

    sort = sort_by("sku", "-sku")
