"""The states of an order, the values it is made of, and sums over them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct

from services.orders.errors import CompanyMissing
from shared.base.money import DecimalText, UnitPrice
from shared.base.search_terms import LONGEST_TERM, folded, terms_of

MAX_LINES = 2000
FIRST_RETRY_SECONDS = 3
LONGEST_RETRY_SECONDS = 600


class OrderStatus(StrEnum):
    """
    `placed`: prices are frozen. `pending_payment`: stock is reserved. `confirmed`: the payment, if any, is authorised.

    `refused` ended before it was confirmed, `cancelled` was ended by a person before anything was shipped,
    `partially_cancelled` when a part was shipped: the remainder was cancelled.
    """

    PLACED = "placed"
    PENDING_PAYMENT = "pending_payment"
    CONFIRMED = "confirmed"
    PARTIALLY_SHIPPED = "partially_shipped"
    SHIPPED = "shipped"
    PARTIALLY_CANCELLED = "partially_cancelled"
    CANCELLED = "cancelled"
    REFUSED = "refused"


class OrderAction(StrEnum):
    """
    What changes an order. The checkout does RESERVE, CONFIRM and REFUSE; a person asks for the others.

    COMPLETE is the shipment of all that is left; a person asks for SHIP in both cases.
    """

    RESERVE = "reserve"
    CONFIRM = "confirm"
    REFUSE = "refuse"
    CANCEL = "cancel"
    SHIP = "ship"
    COMPLETE = "complete"
    CANCEL_REMAINDER = "cancel_remainder"
    RETURN = "return"
    SETTLE = "settle"


# State → action → next state. An action that a state does not name is refused in that state.
STATES: Final[Mapping[OrderStatus, Mapping[OrderAction, OrderStatus]]] = {
    OrderStatus.PLACED: {
        OrderAction.RESERVE: OrderStatus.PENDING_PAYMENT,
        OrderAction.REFUSE: OrderStatus.REFUSED,
        OrderAction.CANCEL: OrderStatus.CANCELLED,
    },
    OrderStatus.PENDING_PAYMENT: {
        OrderAction.CONFIRM: OrderStatus.CONFIRMED,
        OrderAction.REFUSE: OrderStatus.REFUSED,
        OrderAction.CANCEL: OrderStatus.CANCELLED,
    },
    OrderStatus.CONFIRMED: {
        OrderAction.SHIP: OrderStatus.PARTIALLY_SHIPPED,
        OrderAction.COMPLETE: OrderStatus.SHIPPED,
        OrderAction.CANCEL: OrderStatus.CANCELLED,
    },
    OrderStatus.PARTIALLY_SHIPPED: {
        OrderAction.SHIP: OrderStatus.PARTIALLY_SHIPPED,
        OrderAction.COMPLETE: OrderStatus.SHIPPED,
        OrderAction.CANCEL_REMAINDER: OrderStatus.PARTIALLY_CANCELLED,
        OrderAction.RETURN: OrderStatus.PARTIALLY_SHIPPED,
        OrderAction.SETTLE: OrderStatus.PARTIALLY_SHIPPED,
    },
    OrderStatus.SHIPPED: {OrderAction.RETURN: OrderStatus.SHIPPED, OrderAction.SETTLE: OrderStatus.SHIPPED},
    OrderStatus.PARTIALLY_CANCELLED: {
        OrderAction.RETURN: OrderStatus.PARTIALLY_CANCELLED,
        OrderAction.SETTLE: OrderStatus.PARTIALLY_CANCELLED,
    },
    OrderStatus.CANCELLED: {},
    OrderStatus.REFUSED: {},
}
# What the API offers as `allowed_actions`, in the order in which they are shown.
ACTIONS_OF_PEOPLE = (
    OrderAction.CANCEL,
    OrderAction.SHIP,
    OrderAction.CANCEL_REMAINDER,
    OrderAction.RETURN,
    OrderAction.SETTLE,
)
# The checkout is still at work on these.
UNDECIDED = frozenset(status for status, actions in STATES.items() if OrderAction.REFUSE in actions)
# These hold neither stock nor money.
WITHDRAWN = frozenset({OrderStatus.CANCELLED, OrderStatus.REFUSED})
# What was not shipped of these will never be.
ENDED = WITHDRAWN | {OrderStatus.PARTIALLY_CANCELLED}


def next_status(status: OrderStatus, action: OrderAction) -> OrderStatus | None:
    """Return the state after the action, None when the state does not allow it."""
    return STATES[status].get(action)


def allowed_actions(status: OrderStatus, *, has_returnable: bool, needs_attention: bool = False) -> list[OrderAction]:
    """
    Return what a person may ask for.

    RETURN needs shipped units that were not returned (`has_returnable`), SETTLE a refused capture or refund
    (`needs_attention`).
    """
    has_object = {OrderAction.RETURN: has_returnable, OrderAction.SETTLE: needs_attention}
    return [action for action in ACTIONS_OF_PEOPLE if action in STATES[status] and has_object.get(action, True)]


class SkuQuantity(Struct, frozen=True):
    """Units of one product."""

    sku: str
    quantity: int


class Offer(Struct, frozen=True):
    """What products offers of a SKU for a quantity: `available` is None for a product that is not stocked."""

    name: str
    unit_price: UnitPrice
    is_active: bool
    available: int | None = None


class OrderLine(SkuQuantity, frozen=True, kw_only=True):
    """A line with its price frozen: `unit_amount` as a decimal string, `total_amount` in whole minor units."""

    line_id: str
    name: str
    unit_amount: DecimalText
    total_amount: int


class ShipmentLine(Struct, frozen=True):
    """Shipped units of one line and their share of its total, in minor units."""

    line_id: str
    quantity: int
    amount: int


class Shipment(Struct, frozen=True, kw_only=True):
    """Units that left together; `captured_amount` is None until payments has captured the amount."""

    id: str
    line_items: list[ShipmentLine]
    amount: int
    captured_amount: int | None = None
    shipped_at: datetime
    reference: str | None = None
    idempotency_key: str | None = None


class ReturnLine(Struct, frozen=True):
    """Returned units of one line and what is refunded for them, in minor units."""

    line_id: str
    quantity: int
    refund_amount: int


class Return(Struct, frozen=True, kw_only=True):
    """Units that came back together; `refunded_amount` is None until payments has refunded the amount."""

    id: str
    line_items: list[ReturnLine]
    amount: int
    refunded_amount: int | None = None
    returned_on: str
    created_at: datetime
    reference: str | None = None
    idempotency_key: str | None = None


class Remainder(Struct, frozen=True):
    """The cancellation of what a partly shipped order had left; `is_repeated`: it was published a second time."""

    cancelled_at: datetime
    is_repeated: bool = False


class Refund(Struct, frozen=True):
    """A refund that the merchant made without a return."""

    id: str
    amount: int


@dataclass(frozen=True)
class Cancellation:
    """Why an order is cancelled, in the words of who cancels it."""

    reason: str


def quantities_per_line(parts: Iterable[Shipment | Return]) -> Counter[str]:
    """Return the units in shipments or returns, by line id."""
    units: Counter[str] = Counter()
    for part in parts:
        for line in part.line_items:
            units[line.line_id] += line.quantity
    return units


def amounts_per_line(shipments: Iterable[Shipment]) -> Counter[str]:
    """Return the amounts of shipments in minor units, by line id."""
    amounts: Counter[str] = Counter()
    for shipment in shipments:
        for line in shipment.line_items:
            amounts[line.line_id] += line.amount
    return amounts


def refunds_per_line(returns: Iterable[Return]) -> Counter[str]:
    """Return the refunds of returns in minor units, by line id."""
    refunds: Counter[str] = Counter()
    for entry in returns:
        for line in entry.line_items:
            refunds[line.line_id] += line.refund_amount
    return refunds


def unshipped_quantities(line_items: Iterable[OrderLine], shipments: Iterable[Shipment]) -> dict[str, int]:
    """Return the units that were not shipped, by line id; wholly shipped lines are left out."""
    shipped = quantities_per_line(shipments)
    left = {line.line_id: line.quantity - shipped[line.line_id] for line in line_items}
    return {line_id: units for line_id, units in left.items() if units}


def unshipped_amount(total_amount: int, shipments: Iterable[Shipment]) -> int:
    """Return the share of the order's total that was not shipped, in minor units."""
    return total_amount - sum(shipment.amount for shipment in shipments)


def captured_shipments(shipments: Iterable[Shipment]) -> list[Shipment]:
    """Return the shipments whose amount payments has captured."""
    return [shipment for shipment in shipments if shipment.captured_amount is not None]


def captured_amount(shipments: Iterable[Shipment]) -> int:
    """Return what was captured of an order, in minor units."""
    return sum(shipment.captured_amount or 0 for shipment in shipments)


def refunded_amount(returns: Iterable[Return], refunds: Iterable[Refund]) -> int:
    """Return what was refunded of an order, with and without a return, in minor units."""
    return sum(entry.refunded_amount or 0 for entry in returns) + sum(refund.amount for refund in refunds)


def units_per_sku(line_items: Iterable[SkuQuantity]) -> dict[str, int]:
    """Return how many units of each SKU the lines hold together."""
    units: dict[str, int] = {}
    for line in line_items:
        units[line.sku] = units.get(line.sku, 0) + line.quantity
    return units


def is_complete(line_items: Sequence[OrderLine], shipments: Iterable[Shipment]) -> bool:
    """Return whether every unit of every line is shipped."""
    shipped = quantities_per_line(shipments)
    return all(shipped[line.line_id] == line.quantity for line in line_items)


def search_terms(order_texts: Iterable[str | None], line_items: Iterable[SkuQuantity]) -> list[str]:
    """Return what an order is found by: its number, PO number and reference, in parts too, and its SKUs."""
    named = (term for text in order_texts for term in terms_of(text or ""))
    return sorted({*named, *(folded(line.sku)[:LONGEST_TERM] for line in line_items)})


def require_company(company_id: str | None) -> str:
    """Return the company that a user is in or acts for; raise CompanyMissing for staff who act for none."""
    if not company_id:
        raise CompanyMissing()
    return company_id


def retry_seconds(attempts: int) -> int:
    """Return the seconds until an order is swept again, after this many attempts."""
    doubled: int = FIRST_RETRY_SECONDS * 2 ** min(attempts, 10)
    return min(doubled, LONGEST_RETRY_SECONDS)
