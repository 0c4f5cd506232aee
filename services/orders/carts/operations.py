"""Reading and filling the cart."""

from __future__ import annotations

from services.orders.carts.documents import Cart
from services.orders.carts.rules import (
    CartContents,
    CartLine,
    PricedCart,
    added_line,
    merged_lines,
    priced_cart,
    require_known,
)
from services.orders.clients import products
from services.orders.errors import UNKNOWN_SKU, invalid
from services.orders.orders.rules import require_company
from shared.base.preconditions import Precondition
from shared.data.version_conflicts import retry_on_version_conflict
from shared.web.tokens import Principal


def get_cart(buyer: Principal) -> PricedCart:
    """Return the cart with today's prices and stock."""
    return _priced(_current_cart(buyer))


@retry_on_version_conflict
def replace_cart(buyer: Principal, contents: CartContents, precondition: Precondition) -> PricedCart:
    """Put exactly these lines into the cart; raise InvalidInput for unknown products."""
    lines = contents.line_items
    require_known(products().prices(lines) if lines else [])
    cart = _current_cart(buyer)
    precondition.require(cart.revision)
    cart.line_items = merged_lines(lines)
    return _priced(cart.commit())


@retry_on_version_conflict
def add_to_cart(buyer: Principal, added: CartLine, precondition: Precondition) -> PricedCart:
    """Add units of one product to what the cart holds; raise InvalidInput for an unknown product."""
    if products().prices([added]) == [None]:
        raise invalid("/sku", UNKNOWN_SKU)
    cart = _current_cart(buyer)
    precondition.require(cart.revision)
    cart.line_items = added_line(cart.line_items, added)
    return _priced(cart.commit())


def _current_cart(buyer: Principal) -> Cart:
    return Cart.current(require_company(buyer.company_id), buyer.id)


def _priced(cart: Cart) -> PricedCart:
    offers = products().prices(cart.line_items) if cart.line_items else []
    return priced_cart(cart.line_items, offers, updated_at=cart.updated_at, revision=cart.revision)
