"""The questions before a shipment, a return, a refund and a settlement: units and money, as they will be."""

from __future__ import annotations

from collections.abc import Sequence

from portals.admin.fulfillment.client import ReturnedLine, ShippedLine
from portals.admin.orders.client import Order
from portals.admin.orders.presenter import MAIL_AND_END, shown_lines
from shared.base.money import share
from shared.portal.answers import Price
from shared.portal.formatting import money, plural
from shared.portal.orders import OrderLine
from shared.portal.questions import Question


def shipment_question(order: Order, lines: Sequence[ShippedLine] | None, back: str) -> Question:
    """Return the question before these lines are shipped; None: all that is left."""
    left = {shown.line.line_id: shown.to_ship for shown in shown_lines(order) if shown.to_ship}
    units = left if lines is None else {line.line_id: line.quantity for line in lines}
    amount = sum(_price_of(line, units.get(line.line_id, 0)) for line in order.line_items)
    captured = [f"{money(_in_currency(order, amount))} is captured from the buyer's card."] if order.payment_id else []
    what = "all that is left" if lines is None else plural(sum(units.values()), "unit")
    return Question(
        f"Ship {what} of order {order.number}?",
        [f"{_counted([*units.values()])} leave the stock.", *captured, *MAIL_AND_END],
        "Yes, ship",
        back,
        is_danger=False,
    )


def return_question(order: Order, lines: Sequence[ReturnedLine], back: str) -> Question:
    """Return the question before a return and its refund."""
    by_id = {line.line_id: line for line in order.line_items}
    amount = sum(
        int(line.refund_amount.amount) if line.refund_amount else _paid_share(by_id[line.line_id], line.quantity)
        for line in lines
    )
    refunded = [f"{money(_in_currency(order, amount))} is refunded to the buyer's card."] if order.payment_id else []
    return Question(
        f"Record a return of order {order.number}?",
        [
            f"{_counted([line.quantity for line in lines])} came back; the stock does not change by it.",
            *refunded,
            *MAIL_AND_END,
        ],
        "Yes, record the return",
        back,
    )


def refund_question(order: Order, amount: Price, back: str) -> Question:
    return Question(
        f"Refund {money(amount)} of order {order.number}?",
        [f"{money(amount)} goes back to the buyer's card, without a return.", *MAIL_AND_END],
        f"Yes, refund {money(amount)}",
        back,
    )


def settlement_question(order: Order, back: str) -> Question:
    open_ones = [failure for failure in order.failures if not failure.is_settled]
    return Question(
        f"Mark the refused payments of order {order.number} as settled?",
        [
            *(f"The {failure.kind} of {money(failure.total)} is not tried again." for failure in open_ones),
            "The order is no longer listed as one with a refused capture or refund.",
            "This cannot be undone.",
        ],
        "Yes, mark as settled",
        back,
        is_danger=False,
    )


def _counted(units: Sequence[int]) -> str:
    return f"{plural(sum(units), 'unit')} of {plural(len(units), 'line')}"


def _price_of(line: OrderLine, units: int) -> int:
    """Return what the next units of a line cost: shares are rounded so that they add up to the line's total."""
    total, before = int(line.total.amount), line.shipped_quantity
    return share(total, before + units, line.quantity) - share(total, before, line.quantity)


def _paid_share(line: OrderLine, units: int) -> int:
    """Return what is refunded of a line without an amount: the share of what was captured, at most what is left."""
    captured = int(line.captured_total.amount) if line.captured_total else 0
    refunded = int(line.refunded_total.amount) if line.refunded_total else 0
    before, whole = line.returned_quantity, line.shipped_quantity
    return max(0, min(share(captured, before + units, whole) - share(captured, before, whole), captured - refunded))


def _in_currency(order: Order, amount: int) -> Price:
    return Price(amount, order.total.currency)
