"""The body of a transaction."""

from __future__ import annotations

from marshmallow import fields

from shared.web.schemas import MoneyField, OutputSchema


class TransactionSchema(OutputSchema):
    id = fields.String()
    kind = fields.String()
    status = fields.String()
    amount = MoneyField()
    reference = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)
    created_at = fields.DateTime()
