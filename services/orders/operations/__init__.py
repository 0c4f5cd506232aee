"""One function per verb on carts and orders."""

from services.orders.operations.cancelling import cancel_order
from services.orders.operations.cart import add_to_cart, get_cart, replace_cart
from services.orders.operations.placing import place_order
from services.orders.operations.reading import get_order, list_orders
from services.orders.operations.returning import return_items
from services.orders.operations.settling import count_capture, count_refund, note_authorization, note_decline
from services.orders.operations.shipping import ship_order
from services.orders.operations.sweeping import attend_due_orders, release_strays

__all__ = [
    "add_to_cart",
    "attend_due_orders",
    "cancel_order",
    "count_capture",
    "count_refund",
    "get_cart",
    "get_order",
    "list_orders",
    "note_authorization",
    "note_decline",
    "place_order",
    "release_strays",
    "replace_cart",
    "return_items",
    "ship_order",
]
