"""The cart's API."""

from __future__ import annotations

from flask.views import MethodView

from services.orders.carts import examples, operations
from services.orders.carts.rules import CartContents, CartLine, PricedCart
from services.orders.carts.schemas import CartInput, CartItemInput, CartSchema
from services.orders.errors import CompanyMissing
from shared.base.errors import VersionConflict
from shared.web.auth import current_principal, requires
from shared.web.conditional import conditional, precondition
from shared.web.service import ApiBlueprint

carts = ApiBlueprint(
    "carts", __name__, url_prefix="/v1/cart", description="What a person plans to order, at today's prices."
)


@carts.route("")
class Cart(MethodView):
    @requires("cart:write")
    @carts.response(200, CartSchema, example=examples.CART)
    @carts.operation("getCart", CompanyMissing)
    @conditional
    def get(self) -> PricedCart:
        """
        Read the cart with today's prices and stock.

        Each person has one cart per company. It keeps SKUs and quantities; prices and stock are read anew each time.
        """
        return operations.get_cart(current_principal())

    @requires("cart:write")
    @carts.arguments(CartInput, example=examples.CONTENTS)
    @carts.response(200, CartSchema, example=examples.CART)
    @carts.operation("replaceCart", CompanyMissing, VersionConflict)
    @conditional
    def put(self, contents: CartContents) -> PricedCart:
        """
        Replace all lines of the cart.

        An empty list clears it. An unknown SKU is refused, with a pointer to its line, and the cart stays as it was.
        """
        return operations.replace_cart(current_principal(), contents, precondition())


@carts.route("/items")
class CartItems(MethodView):
    @requires("cart:write")
    @carts.arguments(CartItemInput, example=examples.ITEM)
    @carts.response(200, CartSchema, example=examples.CART)
    @carts.operation("addCartItem", CompanyMissing, VersionConflict)
    @conditional
    def post(self, added: CartLine) -> PricedCart:
        """
        Add units of one product to the cart.

        Units of a SKU that is in the cart already are added to its line. A line may hold more than is in stock: its
        `problem` says so, and placing the order is refused.
        """
        return operations.add_to_cart(current_principal(), added, precondition())
