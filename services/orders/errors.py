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
    meaning = "The caller belongs to no company, and orders and carts are a company's."
    advice = "Get an acting token for a company (POST /api/v1/auth/acting-tokens), and use it here."


class CartEmpty(InvalidInput):
    title = "The cart is empty"
    meaning = "The order was to be made of the cart, and the cart holds no lines."
    advice = "Add lines to the cart, or send line_items with the order."


class Shortage(Struct, frozen=True):
    """A product of which fewer units are available than requested."""

    sku: str
    requested: int
    available: int


class OutOfStock(Conflict):
    title = "Not everything is in stock"
    meaning = (
        "Fewer units are available than were asked for; `shortages` lists each SKU with what is available. "
        "Nothing was placed."
    )
    advice = "Lower the quantities to what is available, or remove these lines."

    def __init__(self, shortages: Sequence[Shortage], **order: Any) -> None:
        super().__init__("Order fewer units or remove these products", shortages=to_builtins(shortages), **order)
        self.shortages = list(shortages)


class OrderNumberTaken(Conflict):
    """Products knows another order of this number: orders is an older copy. `highest` is the last number there."""

    title = "The number belongs to another order"
    meaning = "The number that the order was to get belongs to another order."
    advice = "Send the request again under the same Idempotency-Key: the order gets another number."

    def __init__(self, detail: str, highest: int) -> None:
        super().__init__(detail)
        self.highest = highest


class TotalChanged(VersionConflict):
    """A VersionConflict: the same idempotency key may be sent again with the new total."""

    title = "The order's total differs from the expected total"
    meaning = "Prices changed since `expected_total` was shown; `total` is the order's total now. Nothing was placed."
    advice = "Show the new total to the buyer; send it as expected_total, under the same Idempotency-Key, to accept it."

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
    meaning = "The card processor declined the payment; `decline_reason` says why. Nothing was placed."
    advice = "Use another card: send the order with a new token and a new Idempotency-Key."


class CardsNotAccepted(Conflict):
    title = "Card payments are not configured"
    meaning = "This installation has no card processor, so that only orders that cost nothing can be placed."
    advice = "Ask the operator of the installation to connect a card processor."


class OrderExpired(Conflict):
    title = "The order expired before it was confirmed"
    meaning = "The order was not decided in time and was withdrawn; it holds neither stock nor money."
    advice = "Place the order again with a new Idempotency-Key."


class ActionNotAllowed(Conflict):
    title = "The order's state does not allow this"
    meaning = "The order is in a state that does not have this action."
    advice = "Read the order: allowed_actions names what can be done now."


class OrderNotCancellable(Conflict):
    title = "The order can no longer be cancelled"
    meaning = "The order is shipped in part or in whole, or it has ended."
    advice = "Read the order: a partly shipped one may allow cancel_remainder, a shipped one can be returned."


class OrderNotShippable(Conflict):
    title = "The order has nothing left to ship"
    meaning = "Everything is shipped already, or the order is not confirmed or has ended."
    advice = "Read the order: allowed_actions and the quantities of its lines say what is left."


class CapturePending(VersionConflict):
    """A VersionConflict: the answer changes within seconds, so it must not be kept under the idempotency key."""

    title = "The capture of the returned items is still pending; try again in a moment"
    meaning = "The money for what is returned is being captured, and can be refunded once that is done."
    advice = "Send the request again in a few seconds, under the same Idempotency-Key."


def invalid(pointer: str, detail: str) -> InvalidInput:
    """Return the refusal of one field."""
    return InvalidInput(errors=[FieldError(pointer, detail)])
