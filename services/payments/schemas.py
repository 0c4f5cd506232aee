"""Bodies of the payments API."""

from __future__ import annotations

from marshmallow import fields, validate

from shared.web.schemas import InputSchema, MoneyField, OutputSchema, PageArgs, page_of, text


class TransactionSchema(OutputSchema):
    id = fields.String()
    kind = fields.String()
    status = fields.String()
    amount = MoneyField()
    reference = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)
    created_at = fields.DateTime()


class PaymentSchema(OutputSchema):
    id = fields.String()
    order_id = fields.String()
    company_id = fields.String()
    status = fields.String()
    method = fields.String()
    amount = MoneyField()
    captured_total = MoneyField()
    refunded_total = MoneyField()
    transactions = fields.List(fields.Nested(TransactionSchema))
    created_at = fields.DateTime()
    updated_at = fields.DateTime()


PaymentPageSchema = page_of(PaymentSchema)


class PaymentsQuery(PageArgs):
    order_id = fields.String(load_default=None, validate=validate.Length(min=1, max=64))


class RefundInput(InputSchema):
    """`reference` is unique within the payment: a repeat returns the refund there is."""

    amount = MoneyField(required=True)
    reference = text(max_length=100, required=False, load_default=None)


class SessionInput(InputSchema):
    return_url = text(max_length=2000)


class SessionSchema(OutputSchema):
    url = fields.String()


class AuthorizationInput(InputSchema):
    """What orders asks for; the order id is the natural key."""

    order_id = text(max_length=64)
    company_id = text(max_length=64)
    amount = MoneyField(required=True)
    token = text(max_length=255)


class AuthorizationSchema(OutputSchema):
    payment_id = fields.String()
    status = fields.String()
    reason = fields.String(allow_none=True)
