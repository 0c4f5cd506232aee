"""Bodies of the inventory API."""

from __future__ import annotations

from dataclasses import dataclass

from marshmallow import fields, validate

from services.products.stock.rules import MAX_UNITS
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
