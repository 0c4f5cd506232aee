"""Reading payments, public under /v1."""

from __future__ import annotations

from flask.views import MethodView

from services.payments.payments import operations
from services.payments.payments.rules import PaymentRecord, PaymentsFilter
from services.payments.payments.schemas import PaymentPageSchema, PaymentSchema, PaymentsQuery
from shared.data.pagination import Page
from shared.web.auth import current_principal, requires
from shared.web.service import ApiBlueprint

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
    def get(self, payment_id: str) -> PaymentRecord:
        """Read a payment with its transactions."""
        return operations.get_payment(current_principal(), payment_id)
