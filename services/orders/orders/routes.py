"""The orders' API: reading and cancelling one."""

from __future__ import annotations

from flask.views import MethodView

from services.orders.errors import OrderNotCancellable
from services.orders.orders import examples, operations
from services.orders.orders.rules import Cancellation
from services.orders.orders.schemas import (
    CancellationInput,
    OrderSchema,
    OrderView,
    ReturnSchema,
    ReturnView,
    ShipmentSchema,
    ShipmentView,
    order_view,
)
from shared.base.errors import VersionConflict
from shared.web.auth import current_principal, requires
from shared.web.conditional import conditional, precondition
from shared.web.service import ApiBlueprint

orders = ApiBlueprint("orders", __name__, url_prefix="/v1/orders", description="Reading and cancelling orders.")


@orders.route("/<order_id>")
class Order(MethodView):
    @requires("orders:read")
    @orders.response(200, OrderSchema, example=examples.ORDER)
    @orders.operation("getOrder")
    @conditional
    def get(self, order_id: str) -> OrderView:
        """
        Read an order with its shipments, returns and money.

        `allowed_actions` says what may be done next: ask for the action rather than for the status.
        """
        return order_view(operations.get_order(current_principal(), order_id), current_principal())


@orders.route("/<order_id>/shipments/<shipment_id>")
class OneShipment(MethodView):
    @requires("orders:read")
    @orders.response(200, ShipmentSchema, example=examples.SHIPMENT)
    @orders.operation("getShipment")
    @conditional
    def get(self, order_id: str, shipment_id: str) -> ShipmentView:
        """
        Read one shipment of an order.

        `Location` of the request that shipped it leads here. Its capture follows by event.
        """
        order = order_view(operations.get_order(current_principal(), order_id), current_principal())
        return operations.find_part(order.shipments, shipment_id, "Shipment")


@orders.route("/<order_id>/returns/<return_id>")
class OneReturn(MethodView):
    @requires("orders:read")
    @orders.response(200, ReturnSchema, example=examples.RETURN)
    @orders.operation("getReturn")
    @conditional
    def get(self, order_id: str, return_id: str) -> ReturnView:
        """
        Read one return of an order.

        `Location` of the request that took it back leads here. Its refund follows by event.
        """
        order = order_view(operations.get_order(current_principal(), order_id), current_principal())
        return operations.find_part(order.returns, return_id, "Return")


@orders.route("/<order_id>/cancellation")
class OrderCancellation(MethodView):
    @requires("orders:write")
    @orders.arguments(CancellationInput, example=examples.CANCELLATION)
    @orders.response(200, OrderSchema, example=examples.CANCELLED)
    @orders.operation("cancelOrder", OrderNotCancellable, VersionConflict)
    @conditional
    def post(self, body: Cancellation, order_id: str) -> OrderView:
        """
        Cancel an order that has not been shipped.

        Its stock is released and its payment voided. Repeating it changes nothing. A partly shipped order is ended by
        `cancelRemainder`.
        """
        order = operations.cancel_order(current_principal(), order_id, body, precondition())
        return order_view(order, current_principal())
