"""The API of shipments, of what is left of them, and of returns."""

from __future__ import annotations

from flask import url_for
from flask.views import MethodView

from services.orders.errors import ActionNotAllowed, CapturePending, OrderNotCancellable, OrderNotShippable
from services.orders.fulfillment import examples, operations
from services.orders.fulfillment.rules import ReturnItems, Settlement, ShipOrder
from services.orders.fulfillment.schemas import ReturnInput, SettlementInput, ShipmentInput
from services.orders.orders import examples as orders
from services.orders.orders.rules import Cancellation
from services.orders.orders.schemas import CancellationInput, OrderSchema, OrderView, order_view
from shared.base.errors import VersionConflict
from shared.web.auth import current_principal, requires
from shared.web.components import LOCATED
from shared.web.conditional import conditional, precondition
from shared.web.idempotency import idempotency_key, idempotent
from shared.web.service import ApiBlueprint

fulfillment = ApiBlueprint(
    "fulfillment",
    __name__,
    url_prefix="/v1/orders",
    description="Shipments, returns, and what the card processor refused of them.",
)


@fulfillment.route("/<order_id>/shipments")
class OrderShipments(MethodView):
    @requires("orders:ship")
    @idempotent
    @fulfillment.arguments(ShipmentInput, example=examples.SHIPMENT)
    @fulfillment.response(201, OrderSchema, example=orders.PARTLY_SHIPPED, headers=LOCATED)
    @fulfillment.alt_response(
        200,
        schema=OrderSchema,
        example=orders.PARTLY_SHIPPED,
        success=True,
        headers=LOCATED,
        description="This was shipped before",
    )
    @fulfillment.operation("shipOrder", OrderNotShippable, VersionConflict)
    @conditional
    def post(self, body: ShipOrder, order_id: str) -> tuple[OrderView, int, dict[str, str]]:
        """
        Ship all that is left, or parts of lines; what is shipped is captured.

        The capture follows within seconds: `captured_total` of the shipment rises, or `failure` says why not. A
        repeated `reference` changes nothing and answers 200.
        """
        done = operations.ship_order(current_principal(), order_id, idempotency_key(), body, precondition())
        location = url_for("orders.OneShipment", order_id=order_id, shipment_id=done.entry.id)
        return order_view(done.order, current_principal()), done.http_status, {"Location": location}


@fulfillment.route("/<order_id>/remainder-cancellation")
class RemainderCancellation(MethodView):
    @requires("orders:write")
    @fulfillment.arguments(CancellationInput, example=examples.REMAINDER)
    @fulfillment.response(200, OrderSchema, example=orders.PARTLY_CANCELLED)
    @fulfillment.operation("cancelRemainder", OrderNotCancellable, VersionConflict)
    @conditional
    def post(self, body: Cancellation, order_id: str) -> OrderView:
        """
        Cancel what is left of a partly shipped order; what was shipped stays as it is.

        The stock of the remainder is released, and so is the part of the authorisation that will not be captured.
        """
        order = operations.cancel_remainder(current_principal(), order_id, body, precondition())
        return order_view(order, current_principal())


@fulfillment.route("/<order_id>/returns")
class OrderReturns(MethodView):
    @requires("orders:return")
    @idempotent
    @fulfillment.arguments(ReturnInput, example=examples.RETURN)
    @fulfillment.response(201, OrderSchema, example=orders.RETURNED, headers=LOCATED)
    @fulfillment.alt_response(
        200,
        schema=OrderSchema,
        example=orders.RETURNED,
        success=True,
        headers=LOCATED,
        description="This return is there already",
    )
    @fulfillment.operation("returnItems", ActionNotAllowed, CapturePending, VersionConflict)
    @conditional
    def post(self, body: ReturnItems, order_id: str) -> tuple[OrderView, int, dict[str, str]]:
        """
        Take shipped units back; they are refunded, and not put back into stock.

        A line without `refund_amount` refunds the returned share of what was captured for it. The refund follows within
        seconds: `refunded_total` of the return rises, or `failure` says why not.
        """
        done = operations.return_items(current_principal(), order_id, idempotency_key(), body, precondition())
        location = url_for("orders.OneReturn", order_id=order_id, return_id=done.entry.id)
        return order_view(done.order, current_principal()), done.http_status, {"Location": location}


@fulfillment.route("/<order_id>/settlement")
class OrderSettlement(MethodView):
    @requires("orders:return")
    @fulfillment.arguments(SettlementInput, example=examples.SETTLEMENT)
    @fulfillment.response(200, OrderSchema, example=orders.SETTLED)
    @fulfillment.operation("settleFailures", ActionNotAllowed, VersionConflict)
    @conditional
    def post(self, body: Settlement, order_id: str) -> OrderView:
        """
        Note how the refused captures and refunds were dealt with; no money moves by it.

        The order then no longer needs attention. The note is shown to staff only.
        """
        order = operations.settle_failures(current_principal(), order_id, body, precondition())
        return order_view(order, current_principal())
