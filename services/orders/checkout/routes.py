"""The API that places orders."""

from __future__ import annotations

from flask import url_for
from flask.views import MethodView

from services.orders.checkout import operations
from services.orders.checkout.rules import PlaceOrder
from services.orders.checkout.schemas import PlaceOrderInput
from services.orders.errors import (
    CardsNotAccepted,
    CartEmpty,
    CompanyMissing,
    OrderExpired,
    OutOfStock,
    PaymentDeclined,
    TotalChanged,
)
from services.orders.orders.schemas import OrderSchema, OrderView, order_view
from shared.base.errors import VersionConflict
from shared.web.auth import current_principal, requires
from shared.web.components import LOCATED
from shared.web.idempotency import idempotency_key, idempotent
from shared.web.service import ApiBlueprint

checkout = ApiBlueprint("checkout", __name__, url_prefix="/v1/orders", description="Placing orders")


@checkout.route("")
class Checkout(MethodView):
    @requires("orders:write")
    @idempotent
    @checkout.arguments(PlaceOrderInput)
    @checkout.response(201, OrderSchema, headers=LOCATED)
    @checkout.alt_response(
        200, schema=OrderSchema, headers=LOCATED, description="The order that has this reference or cart already"
    )
    @checkout.alt_response(
        202, schema=OrderSchema, headers=LOCATED, description="Not decided in time; read the order again"
    )
    @checkout.operation(
        "placeOrder",
        PaymentDeclined,
        OutOfStock,
        TotalChanged,
        CardsNotAccepted,
        CartEmpty,
        CompanyMissing,
        OrderExpired,
        VersionConflict,
    )
    def post(self, body: PlaceOrder) -> tuple[OrderView, int, dict[str, str]]:
        """Place an order of the lines given, or of the cart."""
        placement = operations.place_order(current_principal(), idempotency_key(), body)
        location = url_for("orders.Order", order_id=placement.order.id)
        return order_view(placement.order, current_principal()), placement.http_status, {"Location": location}
