"""What the page of an order shows: its lines, what the person may do with them, and what to do about refusals."""

from __future__ import annotations

from dataclasses import dataclass

from portals.admin.orders.client import Order, Payment
from shared.portal.answers import Price
from shared.portal.formatting import money, plural
from shared.portal.orders import OrderLine, find_lines
from shared.portal.permissions import may
from shared.portal.questions import Question


@dataclass(frozen=True)
class ShownLine:
    """A line of an order, with the units that are left to ship and those that can come back."""

    line: OrderLine
    to_ship: int
    to_return: int


def shown_lines(order: Order, find: str = "") -> list[ShownLine]:
    """Return the lines that hold the words of `find`."""
    return [
        ShownLine(
            line,
            line.quantity - line.shipped_quantity if order.allows("ship") else 0,
            line.shipped_quantity - line.returned_quantity if order.allows("return") else 0,
        )
        for line in find_lines(order, find)
    ]


@dataclass(frozen=True)
class OrderActions:
    """What the person may do with an order as it is; `mode` is the one that its lines are shown for, "" for none."""

    ship: bool
    record_return: bool
    cancel: bool
    cancel_remainder: bool
    settle: bool
    refund: bool
    mode: str


def order_actions(order: Order, wanted: str = "") -> OrderActions:
    """Return what the order's state and the person's permissions allow; `wanted` is the mode that was asked for."""
    ship = order.allows("ship") and may("orders:ship")
    record_return = order.allows("return") and may("orders:return")
    mode = "return" if record_return and wanted == "return" else "ship" if ship else ""
    return OrderActions(
        ship,
        record_return,
        order.allows("cancel") and may("orders:write"),
        order.allows("cancel_remainder") and may("orders:write"),
        order.allows("settle") and may("orders:return"),
        may("payments:refund"),
        mode,
    )


def refundable(payment: Payment | None) -> Price | None:
    """Return what can be refunded without a return, None when that is nothing."""
    if payment is None or "refund" not in payment.allowed_actions:
        return None
    left = int(payment.captured_total.amount) - int(payment.refunded_total.amount)
    return Price(left, payment.captured_total.currency) if left > 0 else None


MAIL_AND_END = ("The buyer gets an e-mail.", "This cannot be undone.")

# The money went back in another way already, or was never taken.
NOTHING_LEFT = frozenset({"exceeds_authorization", "amount_too_large", "never_possible"})
COLLECT = (
    "The goods left without being paid. Collect the amount in another way, for example by invoice, or take the goods"
    " back. Then mark it as settled."
)
COMPARE = (
    "More would go back than was captured: it was probably refunded without the return already. Compare the payment's"
    " transactions with the returns; refund what is missing below Payment, or record nothing more. Then mark it as"
    " settled."
)
PAY_BACK = (
    "The card processor does not refund this card. Pay the buyer back in another way, for example by bank transfer."
    " Then mark it as settled."
)


@dataclass(frozen=True)
class ShownFailure:
    """A refused capture or refund: `what` was refused and `advice` for staff."""

    what: str
    advice: str
    reason: str
    failed_at: str
    is_settled: bool


def shown_failures(order: Order) -> list[ShownFailure]:
    """Return the order's refused captures and refunds, each with what staff can do."""
    return [
        ShownFailure(
            f"The {failure.kind} of {money(failure.total)} was refused.",
            _advice(failure.kind, failure.reason),
            failure.reason,
            failure.failed_at,
            failure.is_settled,
        )
        for failure in order.failures
    ]


def _advice(kind: str, reason: str) -> str:
    if kind == "capture":
        return COLLECT
    return COMPARE if reason in NOTHING_LEFT else PAY_BACK


def cancellation_question(order: Order, back: str) -> Question:
    units = sum(line.quantity for line in order.line_items)
    released = (
        [f"The authorisation of {money(order.total)} on the buyer's card is released."] if order.payment_id else []
    )
    return Question(
        f"Cancel order {order.number}?",
        [f"{plural(units, 'reserved unit')} are free for other orders.", *released, *MAIL_AND_END],
        "Yes, cancel the order",
        back,
    )


def remainder_question(order: Order, back: str) -> Question:
    units = sum(line.quantity - line.shipped_quantity for line in order.line_items)
    shipped = sum(int(shipment.total.amount) for shipment in order.shipments)
    left = Price(int(order.total.amount) - shipped, order.total.currency)
    released = [f"{money(left)} will not be captured from the buyer's card."] if order.payment_id else []
    return Question(
        f"Cancel what is left of order {order.number}?",
        [f"{plural(units, 'unit')} will not be shipped.", *released, *MAIL_AND_END],
        "Yes, cancel the rest",
        back,
    )
