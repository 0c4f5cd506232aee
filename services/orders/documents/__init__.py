"""What the service keeps in MongoDB."""

from services.orders.documents.cart import Cart
from services.orders.documents.numbers import next_order_number
from services.orders.documents.order import Order

__all__ = ["Cart", "Order", "next_order_number"]
