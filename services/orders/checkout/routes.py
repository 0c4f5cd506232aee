"""The API that places orders."""

from __future__ import annotations

from flask import url_for
from flask.views import MethodView

from services.orders.checkout import examples, operations
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
from services.orders.orders import examples as orders
from services.orders.orders.schemas import OrderSchema, OrderView, order_view
from shared.base.errors import VersionConflict
from shared.data.older_copies import OlderCopyFound
from shared.web.auth import current_principal, requires
from shared.web.components import LOCATED
from shared.web.idempotency import idempotency_key, idempotent
from shared.web.service import ApiBlueprint

checkout = ApiBlueprint(
    "checkout",
    __name__,
    url_prefix="/v1/orders",
    description="Placing an order: stock is reserved and the payment authorised.",
)


@checkout.route("")
class Checkout(MethodView):
    @requires("orders:write")
    @idempotent
    @checkout.arguments(PlaceOrderInput, example=examples.PLACE_ORDER)
    @checkout.response(201, OrderSchema, example=orders.ORDER, headers=LOCATED)
    @checkout.alt_response(
        200,
        schema=OrderSchema,
        example=orders.ORDER,
        success=True,
        headers=LOCATED,
        description="The order that has this reference or cart already",
    )
    @checkout.alt_response(
        202,
        schema=OrderSchema,
        example=orders.PENDING,
        success=True,
        headers=LOCATED,
        description="Not decided in time; read the order again",
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
        OlderCopyFound,
    )
    def post(self, body: PlaceOrder) -> tuple[OrderView, int, dict[str, str]]:
        """
        Place an order of the lines given, or of the cart.

        Prices are frozen, stock of all lines is reserved or of none, and the payment is authorised; it is captured when
        goods are shipped. An order without `payment` is confirmed without one. Out of stock (with `shortages`) or
        declined, the order ends as `refused` and holds nothing. 202 says that stock or payment did not answer in time:
        the order is finished or undone within minutes, so read it again.

        A declined card says what can be done: `decline_reason` is `insufficient_funds`, `expired_card`,
        `limit_exceeded`, `incorrect_details`, `try_again` or `card_declined`, the last of a lost or stolen card too.

        With `expected_total` nothing is placed at another total: the problem `total-changed` has the new one as
        `total`, and the same key may accept it. A repeated `reference` answers the order that has it.
        """
        placement = operations.place_order(current_principal(), idempotency_key(), body)
        location = url_for("orders.Order", order_id=placement.order.id)
        return order_view(placement.order, current_principal()), placement.http_status, {"Location": location}
