"""The orders' API: reading, listing and cancelling."""

from __future__ import annotations

from flask.views import MethodView

from services.orders.errors import OrderNotCancellable
from services.orders.orders import operations
from services.orders.orders.rules import Cancellation, OrdersFilter
from services.orders.orders.schemas import (
    CancellationInput,
    OrderPageSchema,
    OrderSchema,
    OrdersQuery,
    OrderView,
    ReturnSchema,
    ReturnView,
    ShipmentSchema,
    ShipmentView,
    order_view,
)
from shared.base.errors import VersionConflict
from shared.data.pagination import Page
from shared.web.auth import current_principal, requires
from shared.web.conditional import conditional, precondition
from shared.web.service import ApiBlueprint

SHIPMENT = {
    "id": "shp_01k3v8m0c2x4y6z8a0b2d4f6h8",
    "reference": "S-1",
    "line_items": [{"line_id": "1", "quantity": 400}],
    "total": {"amount": 8400, "currency": "GBP"},
    "captured_total": {"amount": 8400, "currency": "GBP"},
    "failure": None,
    "shipped_at": "2026-11-28T09:30:00.000Z",
}
RETURN = {
    "id": "ret_01k3v8m0c2x4y6z8a0b2d4f6h8",
    "reference": "R-1",
    "returned_on": "2026-11-29",
    "line_items": [{"line_id": "1", "quantity": 10, "refund_total": {"amount": 210, "currency": "GBP"}}],
    "total": {"amount": 210, "currency": "GBP"},
    "refunded_total": {"amount": 210, "currency": "GBP"},
    "failure": None,
    "created_at": "2026-11-29T10:00:00.000Z",
}
orders = ApiBlueprint("orders", __name__, url_prefix="/v1/orders", description="Orders, shipments and returns")


@orders.route("")
class Orders(MethodView):
    @requires("orders:read")
    @orders.arguments(OrdersQuery, location="query")
    @orders.response(200, OrderPageSchema)
    @orders.operation("listOrders")
    def get(self, wanted: OrdersFilter) -> Page[OrderView]:
        """List orders, newest first. Without `status` buyers see all but refused ones, staff all."""
        reader = current_principal()
        return operations.list_orders(reader, wanted).map(lambda each: order_view(each, reader))


@orders.route("/<order_id>")
class Order(MethodView):
    @requires("orders:read")
    @orders.response(200, OrderSchema)
    @orders.operation("getOrder")
    @conditional
    def get(self, order_id: str) -> OrderView:
        """Read an order with its shipments, returns and money."""
        return order_view(operations.get_order(current_principal(), order_id), current_principal())


@orders.route("/<order_id>/shipments/<shipment_id>")
class OneShipment(MethodView):
    @requires("orders:read")
    @orders.response(200, ShipmentSchema, example=SHIPMENT)
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
    @orders.response(200, ReturnSchema, example=RETURN)
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
    @orders.arguments(CancellationInput)
    @orders.response(200, OrderSchema)
    @orders.operation("cancelOrder", OrderNotCancellable, VersionConflict)
    @conditional
    def post(self, body: Cancellation, order_id: str) -> OrderView:
        """Cancel an order that has not been shipped."""
        order = operations.cancel_order(current_principal(), order_id, body, precondition())
        return order_view(order, current_principal())
