"""Business metrics of the checkout."""

from __future__ import annotations

from services.orders.documents import Order
from shared.observe.metrics import counter

PLACED = counter("orders_placed_total", "Orders whose prices were frozen")
CONFIRMED = counter("orders_confirmed_total", "Orders with stock held and payment authorised")
VALUE = counter("order_value_minor_units_total", "Value of confirmed orders in minor units", ["currency"])
FAILURES = counter("checkout_failures_total", "Orders that were not confirmed at once, by reason", ["reason"])


def count_confirmed(order: Order) -> None:
    CONFIRMED.inc()
    VALUE.labels(order.currency).inc(order.total_amount)
