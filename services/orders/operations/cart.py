"""Reading and filling the cart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.orders.clients import products
from services.orders.documents import Cart, Order
from services.orders.errors import invalid
from services.orders.operations.common import company_of, retry_on_version_conflict
from services.orders.rules.pricing import added_line, merged_lines, priced_cart
from shared.base.errors import FieldError, InvalidInput
from shared.web.tokens import Principal

Lines = Sequence[Mapping[str, Any]]


def current_cart(buyer: Principal) -> Cart:
    """Return the buyer's cart; one that an order was made of is empty, even before it was emptied in the store."""
    cart = Cart.of(company_of(buyer), buyer.id)
    if cart.line_items and Order.has_cart(cart.order_key):
        cart.replace([])
    return cart


def get_cart(buyer: Principal) -> dict[str, Any]:
    """Return the cart with today's prices and stock."""
    return _shown(current_cart(buyer))


@retry_on_version_conflict
def replace_cart(buyer: Principal, *, line_items: Lines) -> dict[str, Any]:
    """Put exactly these lines into the cart; repeated SKUs become one line."""
    offers = products().prices(line_items) if line_items else []
    faults = [
        FieldError(f"/line_items/{position}/sku", "There is no such product.")
        for position, offer in enumerate(offers)
        if offer is None
    ]
    if faults:
        raise InvalidInput(errors=faults)
    cart = current_cart(buyer)
    cart.replace(merged_lines(line_items))
    return _shown(cart.commit())


@retry_on_version_conflict
def add_to_cart(buyer: Principal, *, sku: str, quantity: int) -> dict[str, Any]:
    """Add units of one product; what is in the cart already stays."""
    if products().prices([{"sku": sku, "quantity": quantity}]) == [None]:
        raise invalid("/sku", "There is no such product.")
    cart = current_cart(buyer)
    cart.replace(added_line(cart.line_items, sku, quantity))
    return _shown(cart.commit())


def _shown(cart: Cart) -> dict[str, Any]:
    offers = products().prices(cart.line_items) if cart.line_items else []
    return {**priced_cart(cart.line_items, offers), "updated_at": cart.updated_at}
