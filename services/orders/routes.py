"""The carts' and orders' API under /v1."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView

from services.orders import operations
from services.orders.schemas import (
    CancellationInput,
    CartInput,
    CartItemInput,
    CartSchema,
    OrderPageSchema,
    OrderSchema,
    OrdersQuery,
    PlaceOrderInput,
    ReturnInput,
    ShipmentInput,
)
from shared.data.pagination import Page
from shared.web.auth import current_principal, requires
from shared.web.idempotency import idempotency_key, idempotent
from shared.web.schemas import ProblemSchema
from shared.web.service import ApiBlueprint

carts = ApiBlueprint("carts", __name__, url_prefix="/v1/cart", description="What a user means to order")
orders = ApiBlueprint("orders", __name__, url_prefix="/v1/orders", description="Orders, shipments and returns")


@carts.route("")
class Cart(MethodView):
    @requires("cart:write")
    @carts.response(200, CartSchema)
    def get(self) -> dict[str, Any]:
        """Read the cart with today's prices and stock."""
        return operations.get_cart(current_principal())

    @requires("cart:write")
    @carts.arguments(CartInput)
    @carts.response(200, CartSchema)
    @carts.alt_response(422, schema=ProblemSchema, description="A product is unknown")
    def put(self, body: dict[str, Any]) -> dict[str, Any]:
        """Replace all lines of the cart."""
        return operations.replace_cart(current_principal(), **body)


@carts.route("/items")
class CartItems(MethodView):
    @requires("cart:write")
    @carts.arguments(CartItemInput)
    @carts.response(200, CartSchema)
    @carts.alt_response(422, schema=ProblemSchema, description="The product is unknown")
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Add units of one product to the cart."""
        return operations.add_to_cart(current_principal(), **body)


@orders.route("")
class Orders(MethodView):
    @requires("orders:read")
    @orders.arguments(OrdersQuery, location="query")
    @orders.response(200, OrderPageSchema)
    def get(self, query: dict[str, Any]) -> Page[dict[str, Any]]:
        """List orders, newest first."""
        return operations.list_orders(current_principal(), **query)

    @requires("orders:write")
    @idempotent
    @orders.arguments(PlaceOrderInput)
    @orders.response(201, OrderSchema)
    @orders.alt_response(200, schema=OrderSchema, description="The order that has this reference or cart already")
    @orders.alt_response(202, schema=OrderSchema, description="Not decided in time; read the order again")
    @orders.alt_response(402, schema=ProblemSchema, description="The payment was declined")
    @orders.alt_response(409, schema=ProblemSchema, description="Not everything is in stock, or no cards are taken")
    @orders.alt_response(422, schema=ProblemSchema, description="A line or the payment does not fit")
    def post(self, body: dict[str, Any]) -> tuple[dict[str, Any], int]:
        """Place an order of the lines given, or of the cart."""
        return operations.place_order(current_principal(), idempotency_key(), **body)


@orders.route("/<order_id>")
class Order(MethodView):
    @requires("orders:read")
    @orders.response(200, OrderSchema)
    @orders.alt_response(404, schema=ProblemSchema, description="No such order in this company")
    def get(self, order_id: str) -> dict[str, Any]:
        """Read an order with its shipments, returns and money."""
        return operations.get_order(current_principal(), order_id)


@orders.route("/<order_id>/cancellation")
class OrderCancellation(MethodView):
    @requires("orders:write")
    @orders.arguments(CancellationInput)
    @orders.response(200, OrderSchema)
    @orders.alt_response(409, schema=ProblemSchema, description="Too late to cancel")
    def post(self, body: dict[str, Any], order_id: str) -> dict[str, Any]:
        """Cancel an order that has not been shipped."""
        return operations.cancel_order(current_principal(), order_id, **body)


@orders.route("/<order_id>/shipments")
class OrderShipments(MethodView):
    @requires("orders:ship")
    @idempotent
    @orders.arguments(ShipmentInput)
    @orders.response(201, OrderSchema)
    @orders.alt_response(200, schema=OrderSchema, description="This was shipped before")
    @orders.alt_response(409, schema=ProblemSchema, description="There is nothing to ship")
    @orders.alt_response(422, schema=ProblemSchema, description="More than is left of a line")
    def post(self, body: dict[str, Any], order_id: str) -> tuple[dict[str, Any], int]:
        """Ship all that is left, or parts of lines; what is shipped is captured."""
        return operations.ship_order(current_principal(), order_id, idempotency_key(), **body)


@orders.route("/<order_id>/returns")
class OrderReturns(MethodView):
    @requires("orders:return")
    @idempotent
    @orders.arguments(ReturnInput)
    @orders.response(201, OrderSchema)
    @orders.alt_response(200, schema=OrderSchema, description="This return is there already")
    @orders.alt_response(409, schema=ProblemSchema, description="The capture of what is returned is still awaited")
    @orders.alt_response(422, schema=ProblemSchema, description="More than was shipped or captured")
    def post(self, body: dict[str, Any], order_id: str) -> tuple[dict[str, Any], int]:
        """Take shipped units back; they are refunded, and not put back into stock."""
        return operations.return_items(current_principal(), order_id, idempotency_key(), **body)
