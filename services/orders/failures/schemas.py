"""What the API shows of a refused capture or refund."""

from __future__ import annotations

from datetime import datetime

from marshmallow import fields, validate
from msgspec import Struct

from services.orders.failures.rules import Failure, FailureKind
from shared.base.money import Money
from shared.web.schemas import MoneyField, OutputSchema

REFUSED = "refused"
REASON = f"The card processor's reason; buyers always read `{REFUSED}`."


class FailureSchema(OutputSchema):
    """
    A refused capture or refund; `subject_id` is the shipment, the return, or a refund without a return.

    `reason` is the card processor's for staff, and always `refused` for buyers.
    """

    kind = fields.String(validate=validate.OneOf([each.value for each in FailureKind]))
    subject_id = fields.String()
    total = MoneyField()
    reason = fields.String(metadata={"description": REASON})
    failed_at = fields.DateTime()
    is_settled = fields.Boolean()


class FailureView(Struct):
    kind: FailureKind
    subject_id: str
    total: Money
    reason: str
    failed_at: datetime
    is_settled: bool


def shown_reason(failure: Failure, *, to_staff: bool) -> str:
    """Return the card processor's reason to staff; to buyers only that it was refused."""
    return failure.reason if to_staff else REFUSED


def failure_view(failure: Failure, currency: str, *, to_staff: bool) -> FailureView:
    """Return what the API shows of a failure, in the currency of its order."""
    total = Money(failure.amount, currency)
    reason = shown_reason(failure, to_staff=to_staff)
    return FailureView(failure.kind, failure.subject_id, total, reason, failure.failed_at, failure.is_settled)
