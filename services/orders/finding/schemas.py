"""The query of the order list, and its page."""

from __future__ import annotations

from datetime import date
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from services.orders.finding.rules import OrdersFilter
from services.orders.orders.schemas import STATUSES, OrderSchema
from shared.web.lists import ChangesArgs, changes_page_of, search_text, sort_by
from shared.web.schemas import Day

OrderPageSchema = changes_page_of(OrderSchema)


class OrdersQuery(ChangesArgs):
    builds = OrdersFilter

    q = search_text(
        "Finds orders by the beginnings of their number, PO number, reference and SKUs; each word must be found."
        " Staff find a company's orders by its name too. Accents and capital letters make no difference."
    )
    reference = fields.String(
        load_default=None,
        validate=validate.Length(max=100),
        metadata={"description": "The whole reference, as it is written."},
    )
    ordered_on = Day(load_default=None, metadata={"description": "The day of the order."})
    ordered_from = Day(load_default=None, metadata={"description": "The first day of the orders."})
    ordered_to = Day(load_default=None, metadata={"description": "The last day of the orders."})
    statuses = fields.List(
        fields.String(validate=validate.OneOf(STATUSES)),
        data_key="status",
        load_default=list,
        metadata={"description": "Any of these states: `status=confirmed&status=partially_shipped`."},
    )
    company_id = fields.String(
        load_default=None,
        validate=validate.Length(max=100),
        metadata={"description": "For staff: the orders of one company."},
    )
    needs_attention = fields.Boolean(
        load_default=None,
        validate=validate.Equal(True),
        metadata={"description": "Only `true`: orders with a refused capture or refund that a person must settle."},
    )
    sort = sort_by("-created_at", "created_at", "ordered_on", "-ordered_on", note="With a range of days `-ordered_on`.")

    @validates_schema
    def require_one_kind_of_days(self, wanted: dict[str, Any], **_: Any) -> None:
        first, last = wanted["ordered_from"], wanted["ordered_to"]
        if wanted["ordered_on"] is not None and (first or last):
            raise ValidationError("Give a day or a range of days, not both.", "ordered_on")
        if (first or date.min) > (last or date.max):
            raise ValidationError(f"Give {first} or a later day.", "ordered_to")
