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
    order_view,
)
from shared.base.errors import VersionConflict
from shared.data.pagination import Page
from shared.web.auth import current_principal, requires
from shared.web.service import ApiBlueprint

orders = ApiBlueprint("orders", __name__, url_prefix="/v1/orders", description="Orders, shipments and returns")


@orders.route("")
class Orders(MethodView):
    @requires("orders:read")
    @orders.arguments(OrdersQuery, location="query")
    @orders.response(200, OrderPageSchema)
    @orders.operation("listOrders")
    def get(self, wanted: OrdersFilter) -> Page[OrderView]:
        """List orders, newest first."""
        reader = current_principal()
        return operations.list_orders(reader, wanted).map(lambda each: order_view(each, reader))


@orders.route("/<order_id>")
class Order(MethodView):
    @requires("orders:read")
    @orders.response(200, OrderSchema)
    @orders.operation("getOrder")
    def get(self, order_id: str) -> OrderView:
        """Read an order with its shipments, returns and money."""
        return order_view(operations.get_order(current_principal(), order_id), current_principal())


@orders.route("/<order_id>/cancellation")
class OrderCancellation(MethodView):
    @requires("orders:write")
    @orders.arguments(CancellationInput)
    @orders.response(200, OrderSchema)
    @orders.operation("cancelOrder", OrderNotCancellable, VersionConflict)
    def post(self, body: Cancellation, order_id: str) -> OrderView:
        """Cancel an order that has not been shipped."""
        return order_view(operations.cancel_order(current_principal(), order_id, body), current_principal())
