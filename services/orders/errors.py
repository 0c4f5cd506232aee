"""Why an order, a shipment or a return is refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct, to_builtins

from shared.base.errors import Conflict, FieldError, Forbidden, InvalidInput, Problem, VersionConflict
from shared.base.money import Money, money_text

UNKNOWN_SKU = "The catalog has no product with this SKU."


class CompanyMissing(Forbidden):
    title = "A company is required: act for one first"


class CartEmpty(InvalidInput):
    title = "The cart is empty"


class Shortage(Struct, frozen=True):
    """A product of which fewer units are available than requested."""

    sku: str
    requested: int
    available: int


class OutOfStock(Conflict):
    title = "Not everything is in stock"

    def __init__(self, shortages: Sequence[Shortage], **order: Any) -> None:
        super().__init__("Order fewer units or remove these products", shortages=to_builtins(shortages), **order)
        self.shortages = list(shortages)


class OrderNumberTaken(Conflict):
    """Products knows another order of this number: orders is an older copy. `highest` is the last number there."""

    title = "The number belongs to another order"

    def __init__(self, detail: str, highest: int) -> None:
        super().__init__(detail)
        self.highest = highest


class TotalChanged(VersionConflict):
    """A VersionConflict: the same idempotency key may be sent again with the new total."""

    title = "The order's total differs from the expected total"

    def __init__(self, expected: Money, total: Money) -> None:
        detail = (
            f"The total is {money_text(total.amount, total.currency)}, "
            f"not {money_text(expected.amount, expected.currency)}; send it as expected_total to accept it"
        )
        super().__init__(detail, expected_total=to_builtins(expected), total=to_builtins(total))


class PaymentDeclined(Problem):
    """The processor declined the card; `decline_reason` is one of `checkout.rules.DeclineReason`."""

    status = 402
    title = "The payment was declined"


class CardsNotAccepted(Conflict):
    title = "Card payments are not configured"


class OrderExpired(Conflict):
    title = "The order expired before it was confirmed"


class ActionNotAllowed(Conflict):
    title = "The order's state does not allow this"


class OrderNotCancellable(Conflict):
    title = "The order can no longer be cancelled"


class OrderNotShippable(Conflict):
    title = "The order has nothing left to ship"


class CapturePending(VersionConflict):
    """A VersionConflict: the answer changes within seconds, so it must not be kept under the idempotency key."""

    title = "The capture of the returned items is still pending; try again in a moment"


def invalid(pointer: str, detail: str) -> InvalidInput:
    """Return the refusal of one field."""
    return InvalidInput(errors=[FieldError(pointer, detail)])
