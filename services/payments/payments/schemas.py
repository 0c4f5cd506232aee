"""Bodies of the routes that read payments."""

from __future__ import annotations

from marshmallow import fields, validate

from services.payments.payments.rules import ACTIONS_OF_PEOPLE, PaymentsFilter, PaymentStatus
from services.payments.transactions.rules import REFUSED, TransactionKind, TransactionStatus
from shared.web.lists import ChangesArgs, changes_page_of
from shared.web.schemas import MoneyField, OutputSchema, one_of

REASON = f"The card processor's; buyers read `{REFUSED}` for captures and refunds."


class TransactionSchema(OutputSchema):
    id = fields.String()
    kind = one_of(TransactionKind)
    status = one_of(TransactionStatus)
    amount = MoneyField()
    reference = fields.String(allow_none=True)
    reason = fields.String(allow_none=True, metadata={"description": REASON})
    created_at = fields.DateTime()


class PaymentSchema(OutputSchema):
    """`allowed_actions` names what state and amounts allow a person with the permission to request."""

    id = fields.String()
    order_id = fields.String()
    company_id = fields.String()
    status = one_of(PaymentStatus)
    allowed_actions = fields.List(fields.String(validate=validate.OneOf([each.value for each in ACTIONS_OF_PEOPLE])))
    method = fields.String()
    amount = MoneyField(attribute="total")
    captured_total = MoneyField()
    refunded_total = MoneyField()
    transactions = fields.List(fields.Nested(TransactionSchema))
    created_at = fields.DateTime()
    updated_at = fields.DateTime()


PaymentPageSchema = changes_page_of(PaymentSchema)


class PaymentsQuery(ChangesArgs):
    builds = PaymentsFilter

    order_id = fields.String(
        load_default=None,
        validate=validate.Length(min=1, max=64),
        metadata={"description": "The payment of one order."},
    )
