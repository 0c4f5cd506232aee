"""The cart's API."""

from __future__ import annotations

from flask.views import MethodView

from services.orders.carts import operations
from services.orders.carts.rules import CartContents, CartLine, PricedCart
from services.orders.carts.schemas import CartInput, CartItemInput, CartSchema
from services.orders.errors import CompanyMissing
from shared.base.errors import VersionConflict
from shared.web.auth import current_principal, requires
from shared.web.conditional import conditional, precondition
from shared.web.service import ApiBlueprint

carts = ApiBlueprint("carts", __name__, url_prefix="/v1/cart", description="What a user plans to order")


@carts.route("")
class Cart(MethodView):
    @requires("cart:write")
    @carts.response(200, CartSchema)
    @carts.operation("getCart")
    @conditional
    def get(self) -> PricedCart:
        """Read the cart with today's prices and stock."""
        return operations.get_cart(current_principal())

    @requires("cart:write")
    @carts.arguments(CartInput)
    @carts.response(200, CartSchema)
    @carts.operation("replaceCart", CompanyMissing, VersionConflict)
    @conditional
    def put(self, contents: CartContents) -> PricedCart:
        """Replace all lines of the cart."""
        return operations.replace_cart(current_principal(), contents, precondition())


@carts.route("/items")
class CartItems(MethodView):
    @requires("cart:write")
    @carts.arguments(CartItemInput)
    @carts.response(200, CartSchema)
    @carts.operation("addCartItem", CompanyMissing, VersionConflict)
    @conditional
    def post(self, added: CartLine) -> PricedCart:
        """Add units of one product to the cart."""
        return operations.add_to_cart(current_principal(), added, precondition())
