"""Reading payments, public under /v1."""

from __future__ import annotations

from flask.views import MethodView

from services.payments.payments import operations
from services.payments.payments.rules import PaymentRecord, PaymentsFilter
from services.payments.payments.schemas import PaymentPageSchema, PaymentSchema, PaymentsQuery, TransactionSchema
from services.payments.transactions.rules import ShownTransaction
from shared.data.pagination import Page
from shared.web.auth import current_principal, requires
from shared.web.conditional import conditional
from shared.web.service import ApiBlueprint

REFUND = {
    "id": "txn_01k3v8m0c2x4y6z8a0b2d4f6h8",
    "kind": "refund",
    "status": "succeeded",
    "amount": {"amount": 300, "currency": "GBP"},
    "reference": "goodwill-1",
    "reason": None,
    "created_at": "2026-11-29T10:00:00.000Z",
}
blp = ApiBlueprint("payments", __name__, url_prefix="/v1/payments", description="Payments of orders")


@blp.route("")
class Payments(MethodView):
    @requires("payments:read")
    @blp.arguments(PaymentsQuery, location="query")
    @blp.response(200, PaymentPageSchema)
    @blp.operation("listPayments")
    def get(self, wanted: PaymentsFilter) -> Page[PaymentRecord]:
        """List payments, newest first."""
        return operations.list_payments(current_principal(), wanted)


@blp.route("/<payment_id>")
class Payment(MethodView):
    @requires("payments:read")
    @blp.response(200, PaymentSchema)
    @blp.operation("getPayment")
    @conditional
    def get(self, payment_id: str) -> PaymentRecord:
        """Read a payment with its transactions."""
        return operations.get_payment(current_principal(), payment_id)


@blp.route("/<payment_id>/refunds/<refund_id>")
class OneRefund(MethodView):
    @requires("payments:read")
    @blp.response(200, TransactionSchema, example=REFUND)
    @blp.operation("getRefund")
    @conditional
    def get(self, payment_id: str, refund_id: str) -> ShownTransaction:
        """
        Read one refund of a payment.

        `Location` of the request that refunded leads here. It is pending while the card processor has not answered.
        """
        return operations.get_refund(current_principal(), payment_id, refund_id)
