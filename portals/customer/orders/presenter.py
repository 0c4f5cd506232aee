"""What the page of an order shows of its progress, and the questions before it is cancelled."""

from __future__ import annotations

from portals.customer.orders.client import Order
from shared.portal.answers import Price
from shared.portal.formatting import money, plural
from shared.portal.questions import Question
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


def cancellation_question(order: Order, back: str) -> Question:
    return Question(
        f"Cancel order {order.number}?",
        [
            f"Nothing of it will be shipped, and {money(order.total)} will not be charged.",
            "A cancelled order cannot be taken up again; “Order again” copies it into your cart.",
        ],
        "Yes, cancel the order",
        back,
    )


def remainder_question(order: Order, back: str) -> Question:
    units = sum(line.quantity - line.shipped_quantity for line in order.line_items)
    shipped = sum(int(shipment.total.amount) for shipment in order.shipments)
    left = Price(int(order.total.amount) - shipped, order.total.currency)
    return Question(
        f"Cancel what is left of order {order.number}?",
        [
            f"{plural(units, 'unit')} will not be shipped, and {money(left)} will not be charged.",
            "What was shipped stays ordered.",
            "This cannot be undone.",
        ],
        "Yes, cancel the rest",
        back,
    )
