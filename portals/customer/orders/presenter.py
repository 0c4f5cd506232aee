"""What the page of an order shows of its progress."""

from __future__ import annotations

from portals.customer.orders.client import Order
from shared.portal.statuses import Step, status_word

WAITING = ("placed", "pending_payment")
ENDED = ("cancelled", "refused")


# Why an order was refused, as the API names it.
REASONS = {
    "out_of_stock": "Not everything was in stock.",
    "payment_declined": "The card was declined. Nothing was charged.",
    "stock_unanswered": "It could not be confirmed in time. Nothing was charged.",
    "payment_unanswered": "The payment was not confirmed in time. Nothing was charged.",
    "older_copy": "It could not be placed. Nothing was charged.",
}


def reason_of(order: Order) -> str:
    """Return why an order ended: the words of the person who cancelled it, or those for a refused order."""
    reason = order.status_reason or ""
    return REASONS.get(reason, reason) if order.status == "refused" else reason


def timeline(order: Order) -> list[Step]:
    """Return the progress of an order: placed, confirmed, shipped, or where it ended; an unknown status by its name."""
    placed = Step("Placed", "done", order.created_at)
    confirmed = Step("Confirmed", "done")
    shipped_at = order.shipments[-1].shipped_at if order.shipments else None
    word = status_word("order", order.status).label
    steps = {
        "confirmed": [placed, confirmed, Step("Shipped", "next")],
        "partially_shipped": [placed, confirmed, Step(word, "half", shipped_at, "The rest follows")],
        "shipped": [placed, confirmed, Step("Shipped", "done", shipped_at)],
        "partially_cancelled": [placed, confirmed, Step(word, "done", shipped_at, order.status_reason or "")],
    }
    if order.status in WAITING:
        return [placed, Step("Confirmed", "next"), Step("Shipped", "next")]
    if order.status in ENDED:
        return [placed, Step(word, "stopped", order.updated_at, reason_of(order))]
    return steps.get(order.status) or [placed, Step(word, "half", order.updated_at)]
