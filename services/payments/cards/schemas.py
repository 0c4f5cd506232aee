"""Bodies of the routes that call the card processor."""

from __future__ import annotations

from marshmallow import fields

from services.payments.cards.rules import AuthorizationRequest, CardPageRequest, RefundRequest
from services.payments.transactions.rules import TransactionKind, TransactionStatus
from shared.web.schemas import InputSchema, MoneyField, OutputSchema, one_of, text


class SessionInput(InputSchema):
    builds = CardPageRequest

    return_url = text(max_length=2000)


class SessionSchema(OutputSchema):
    url = fields.String(metadata={"format": "uri"})


class RefundInput(InputSchema):
    """`reference` is unique within the payment: a repeat returns the refund that exists."""

    builds = RefundRequest

    amount = MoneyField(required=True, is_of_record=True)
    reference = text(max_length=100, required=False, load_default=None)


class AuthorizationInput(InputSchema):
    """The authorisation that orders requests; the order id is the natural key."""

    builds = AuthorizationRequest

    order_id = text(max_length=64)
    company_id = text(max_length=64)
    amount = MoneyField(required=True)
    token = text(max_length=255)


class AuthorizationSchema(OutputSchema):
    payment_id = fields.String()
    status = fields.String()
    reason = fields.String(allow_none=True)


class RefundSchema(OutputSchema):
    """The transaction of a refund; `status` is pending while the processor has not answered."""

    id = fields.String()
    kind = one_of(TransactionKind)
    status = one_of(TransactionStatus)
    amount = MoneyField()
    reference = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)
    created_at = fields.DateTime()
