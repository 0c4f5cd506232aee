"""Why an order, a shipment or a return is refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shared.base.errors import Conflict, FieldError, Forbidden, InvalidInput, Problem, VersionConflict


class CompanyMissing(Forbidden):
    title = "Act for a company first: carts and orders belong to one"


class CartEmpty(InvalidInput):
    title = "The cart is empty"


class OutOfStock(Conflict):
    """`shortages` lists {sku, requested, available}."""

    title = "Not everything is in stock"

    def __init__(self, shortages: Sequence[dict[str, Any]], **extra: Any) -> None:
        super().__init__("Order less, or leave these out", shortages=list(shortages), **extra)
        self.shortages = list(shortages)


class PaymentDeclined(Problem):
    status = 402
    title = "The payment was declined"


class CardsNotAccepted(Conflict):
    title = "Card payments are not configured"


class OrderUndone(Conflict):
    title = "The order was undone before it was confirmed"


class OrderNotCancellable(Conflict):
    title = "The order can no longer be cancelled"


class OrderNotShippable(Conflict):
    title = "There is nothing that could be shipped"


class CapturePending(VersionConflict):
    """A VersionConflict: the answer changes within seconds, so it must not be kept under the idempotency key."""

    title = "The payment of what is returned is still being captured; try again in a moment"


def invalid(pointer: str, detail: str) -> InvalidInput:
    """Return the refusal of one field."""
    return InvalidInput(errors=[FieldError(pointer, detail)])
