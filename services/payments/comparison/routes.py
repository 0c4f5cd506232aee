"""The comparison for orders, under /internal/v1/payment-comparison."""

from __future__ import annotations

from flask.views import MethodView

from services.payments.comparison import operations
from services.payments.comparison.rules import ComparedOrders, KnownPayments
from services.payments.comparison.schemas import ComparisonInput, ComparisonSchema
from shared.web.auth import internal
from shared.web.service import ApiBlueprint

blp = ApiBlueprint(
    "payment-comparison", __name__, url_prefix="/internal/v1/payment-comparison", description="Comparison with orders"
)


@blp.route("")
class Comparison(MethodView):
    @internal("orders")
    @blp.arguments(ComparisonInput)
    @blp.response(200, ComparisonSchema)
    @blp.operation("comparePayments")
    def post(self, body: ComparedOrders) -> KnownPayments:
        """Return what was captured and refunded for these orders, and the orders of the newest payments."""
        return operations.compare_orders(body.order_ids)
