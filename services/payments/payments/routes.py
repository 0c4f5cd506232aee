"""Reading payments, public under /v1."""

from __future__ import annotations

from flask.views import MethodView

from services.payments.payments import examples, operations
from services.payments.payments.rules import PaymentRecord, PaymentsFilter
from services.payments.payments.schemas import PaymentPageSchema, PaymentSchema, PaymentsQuery, TransactionSchema
from services.payments.transactions.rules import ShownTransaction
from shared.data.pagination import Page
from shared.web.auth import current_principal, requires
from shared.web.conditional import conditional
from shared.web.service import ApiBlueprint

blp = ApiBlueprint(
    "payments",
    __name__,
    url_prefix="/v1/payments",
    description="Payments of orders, with each transaction at the card processor.",
)


@blp.route("")
class Payments(MethodView):
    @requires("payments:read")
    @blp.arguments(PaymentsQuery, location="query")
    @blp.response(200, PaymentPageSchema, example=examples.PAGE)
    @blp.operation("listPayments")
    def get(self, wanted: PaymentsFilter) -> Page[PaymentRecord]:
        """
        List payments, newest first.

        Buyers see the payments of their company, staff those of all companies.
        """
        return operations.list_payments(current_principal(), wanted)


@blp.route("/<payment_id>")
class Payment(MethodView):
    @requires("payments:read")
    @blp.response(200, PaymentSchema, example=examples.PAYMENT)
    @blp.operation("getPayment")
    @conditional
    def get(self, payment_id: str) -> PaymentRecord:
        """
        Read a payment with its transactions.

        A payment belongs to one order. Reasons of declined authorisations are the card processor's; those of refused
        captures and refunds are shown to staff only.
        """
        return operations.get_payment(current_principal(), payment_id)


@blp.route("/<payment_id>/refunds/<refund_id>")
class OneRefund(MethodView):
    @requires("payments:read")
    @blp.response(200, TransactionSchema, example=examples.REFUND)
    @blp.operation("getRefund")
    @conditional
    def get(self, payment_id: str, refund_id: str) -> ShownTransaction:
        """
        Read one refund of a payment.

        `Location` of the request that refunded leads here. It is pending while the card processor has not answered.
        """
        return operations.get_refund(current_principal(), payment_id, refund_id)
