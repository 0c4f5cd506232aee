"""What may be shipped and returned, and what share of each line's price that is."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from msgspec import Struct

from services.orders.errors import CapturePending, OrderNotShippable, invalid
from services.orders.orders.rules import (
    OrderLine,
    Refund,
    Return,
    ReturnLine,
    Shipment,
    ShipmentLine,
    amounts_per_line,
    captured_amount,
    captured_shipments,
    quantities_per_line,
    refunds_per_line,
)
from shared.base.errors import FieldError, InvalidInput
from shared.base.money import Money, money_text, share

Part = TypeVar("Part", Shipment, Return)


class KnownReservations(Struct, frozen=True):
    """What products knows of some orders: `unreserved` ones never had a reservation, `open` ones hold stock."""

    highest_order_number: int | None
    unreserved: list[str]
    open: list[str]


class SettledOrder(Struct, frozen=True):
    """What payments has captured and refunded for an order."""

    order_id: str
    captured_amount: int
    refunded_amount: int


class KnownPayments(Struct, frozen=True):
    """What payments knows of some orders, and the orders of its newest payments."""

    items: list[SettledOrder]
    newest: list[str]


@dataclass(frozen=True)
class LineToShip:
    line_id: str
    quantity: int


@dataclass(frozen=True)
class ShipOrder:
    """What to ship; without `line_items` all that is left. `reference` is the merchant's, unique in the order."""

    reference: str | None = None
    line_items: list[LineToShip] | None = None


@dataclass(frozen=True)
class Settlement:
    """How a person dealt with refused captures and refunds."""

    note: str


@dataclass(frozen=True)
class LineToReturn:
    """Without `refund_amount` the returned share of what was captured is refunded."""

    line_id: str
    quantity: int
    refund_amount: Money | None = None


@dataclass(frozen=True)
class ReturnItems:
    """What came back, on which day; `reference` is the merchant's, unique in the order."""

    line_items: list[LineToReturn]
    reference: str | None = None
    returned_on: date | None = None


def require_past_day(returned_on: date | None, last_day: date) -> None:
    """Refuse a day after `last_day`, the last day that it is now anywhere."""
    if returned_on is not None and returned_on > last_day:
        raise invalid("/returned_on", f"Give a day that is not in the future: {last_day} or earlier.")


def find_repeated(parts: Iterable[Part], key: str, reference: str | None) -> Part | None:
    """Return the shipment or return that has this idempotency key or reference, None for a new one."""
    for part in parts:
        if part.idempotency_key == key or (reference is not None and part.reference == reference):
            return part
    return None


def plan_shipment(
    lines: Sequence[OrderLine], shipments: Sequence[Shipment], wanted: Sequence[LineToShip] | None
) -> list[ShipmentLine]:
    """
    Return the lines of the next shipment; `wanted` None ships all that is left.

    Amounts are cumulatively rounded shares of the line total, so that the last piece takes the rest.
    Raises OrderNotShippable when nothing is left, InvalidInput for more of a line than is left.
    """
    shipped = quantities_per_line(shipments)
    left = {line.line_id: line.quantity - shipped[line.line_id] for line in lines}
    if not any(left.values()):
        raise OrderNotShippable("Everything is shipped already")
    if wanted is None:
        quantities = {line_id: quantity for line_id, quantity in left.items() if quantity}
    else:
        quantities = _checked(wanted, left, "left to ship")
    return [
        ShipmentLine(line.line_id, quantity, piece(line.total_amount, line.quantity, shipped[line.line_id], quantity))
        for line in lines
        if (quantity := quantities.get(line.line_id)) is not None
    ]


def piece(total: int, whole: int, before: int, quantity: int) -> int:
    """Return what the next `quantity` of `whole` units cost, after `before` of them."""
    return share(total, before + quantity, whole) - share(total, before, whole)


def _checked(wanted: Sequence[LineToShip | LineToReturn], left: Mapping[str, int], what: str) -> dict[str, int]:
    """Return the wanted quantity per line id; InvalidInput names lines that are unknown, repeated or too many."""
    quantities: dict[str, int] = {}
    faults = []
    for position, line in enumerate(wanted):
        if line.line_id not in left:
            faults.append(FieldError(f"/line_items/{position}/line_id", "The order has no such line."))
        elif line.line_id in quantities:
            faults.append(FieldError(f"/line_items/{position}/line_id", "This line is named twice."))
        elif line.quantity > left[line.line_id]:
            detail = f"{_only(left[line.line_id])} {what}."
            faults.append(FieldError(f"/line_items/{position}/quantity", detail))
        quantities[line.line_id] = line.quantity
    if faults:
        raise InvalidInput(errors=faults)
    return quantities


def _only(units: int) -> str:
    return f"Only {units:,} of this line are" if units else "Nothing of this line is"


def plan_return(
    lines: Sequence[OrderLine],
    shipments: Sequence[Shipment],
    returns: Sequence[Return],
    refunds: Sequence[Refund],
    wanted: Sequence[LineToReturn],
    currency: str,
    *,
    failed: Container[str] = (),
) -> list[ReturnLine]:
    """
    Return the lines of the next return.

    A refund is at most what is captured and not yet refunded, on its line and on the whole order (`refunds` are those
    the merchant made without a return). Raises InvalidInput, or CapturePending while a capture is pending; the captures
    of the shipments in `failed` were refused.
    """
    shipped, returned = quantities_per_line(shipments), quantities_per_line(returns)
    left = {line.line_id: shipped[line.line_id] - returned[line.line_id] for line in lines}
    quantities = _checked(wanted, left, "shipped and not yet returned")
    pending = {line.line_id for line in _uncaptured_lines(shipments, failed) if line.amount}
    captured, refunded = amounts_per_line(captured_shipments(shipments)), refunds_per_line(returns)
    order_left = (
        captured_amount(shipments) - sum(entry.amount for entry in returns) - sum(refund.amount for refund in refunds)
    )
    planned = []
    for position, line in enumerate(wanted):
        line_id = line.line_id
        most = max(0, min(captured[line_id] - refunded[line_id], order_left))
        if line.refund_amount is None:
            default = piece(captured[line_id], shipped[line_id], returned[line_id], quantities[line_id])
            if line_id in pending:
                raise _capture_pending()
            refund = min(default, most)
        else:
            refund = _checked_refund(position, line.refund_amount, most, currency, is_pending=line_id in pending)
        order_left -= refund
        planned.append(ReturnLine(line_id, line.quantity, refund))
    return planned


def _uncaptured_lines(shipments: Iterable[Shipment], failed: Container[str]) -> Iterator[ShipmentLine]:
    for shipment in shipments:
        if shipment.captured_amount is None and shipment.id not in failed:
            yield from shipment.line_items


def _checked_refund(position: int, wanted: Money, most: int, currency: str, *, is_pending: bool) -> int:
    pointer = f"/line_items/{position}/refund_amount"
    if wanted.currency != currency:
        raise invalid(pointer, f"The order is in {currency}.")
    if wanted.amount <= most:
        return wanted.amount
    if is_pending:
        raise _capture_pending()
    raise invalid(pointer, f"At most {money_text(most, currency)} of this line are captured and not yet refunded.")


def _capture_pending() -> CapturePending:
    return CapturePending(headers={"Retry-After": "1"})
