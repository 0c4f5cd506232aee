"""What the page of an order shows: lines that are open, what can be refunded, and what to do about refusals."""

from __future__ import annotations

from dataclasses import dataclass

from portals.admin.orders.client import Order, Payment
from shared.portal.answers import Price
from shared.portal.formatting import money


@dataclass(frozen=True)
class OpenLine:
    """A line of an order with the units that are `left` to ship, or to return."""

    line_id: str
    sku: str
    name: str
    left: int


def lines_to_ship(order: Order) -> list[OpenLine]:
    """Return the lines that are not wholly shipped; none while the order cannot be shipped."""
    if not order.allows("ship"):
        return []
    return _open(order, [line.quantity - line.shipped_quantity for line in order.line_items])


def lines_to_return(order: Order) -> list[OpenLine]:
    """Return the lines of which units were shipped and not returned."""
    if not order.allows("return"):
        return []
    return _open(order, [line.shipped_quantity - line.returned_quantity for line in order.line_items])


def _open(order: Order, left: list[int]) -> list[OpenLine]:
    return [
        OpenLine(line.line_id, line.sku, line.name, units)
        for line, units in zip(order.line_items, left, strict=True)
        if units > 0
    ]


def refundable(payment: Payment | None) -> Price | None:
    """Return what can be refunded without a return, None when that is nothing."""
    if payment is None or "refund" not in payment.allowed_actions:
        return None
    left = int(payment.captured_total.amount) - int(payment.refunded_total.amount)
    return Price(left, payment.captured_total.currency) if left > 0 else None


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
