"""Comparing orders with products and payments: which database is an older copy."""

from __future__ import annotations

from datetime import timedelta

from services.orders.checkout.documents import highest_order_number, raise_order_number
from services.orders.clients import payments, products
from services.orders.comparison import rules
from services.orders.comparison.documents import confirmed_orders, has_arrived_events, present_orders
from shared.base.clock import now
from shared.data.older_copies import OlderCopy, note_older_copy, settled_ids

SERVICE = "orders"
MOST_ORDERS = 1000
# Products keeps a closed reservation for 30 days.
OLDEST = timedelta(days=28)
# What changed later may be on its way between the services.
SETTLED_FOR = timedelta(minutes=5)


def compare_copies() -> list[OlderCopy]:
    """
    Note each database that is older than its neighbours know, and return what was found.

    The counter of order numbers is raised at once beyond each number that was ever given. Placing orders, refunds of
    staff and the release of stray stock stop until an operator ends the notes (docs/operate.md).
    """
    arrived = has_arrived_events()
    moment = now()
    is_settled = settled_ids(SERVICE)
    found_orders = confirmed_orders((moment - OLDEST, moment - SETTLED_FOR), MOST_ORDERS)
    orders = [each for each in found_orders if not is_settled(each.id)]
    order_ids = [each.id for each in orders]
    reserved, paid = products().compare(order_ids), payments().compare(order_ids)
    newest = [each for each in paid.newest if not is_settled(each)]
    findings = [
        rules.older_orders(highest_order_number(), reserved),
        rules.lost_orders(newest, present_orders(newest)),
        rules.older_products(orders, reserved, events_arrived=arrived),
        rules.older_payments(orders, paid),
    ]
    raise_order_number(reserved.highest_order_number or 0)
    found = [OlderCopy(each.of, each.reason, each.examples) for each in findings if each is not None]
    for each in found:
        note_older_copy(SERVICE, each)
    return found
