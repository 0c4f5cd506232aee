"""What may be shipped and returned, and what share of each line's price that is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from services.orders.errors import CapturePending, OrderNotShippable, invalid
from shared.base.errors import FieldError, InvalidInput
from shared.base.money import share

Lines = Sequence[Mapping[str, Any]]


def per_line(parts: Iterable[Mapping[str, Any]], field: str) -> Counter[str]:
    """Return the sum of a field of `line_items` over shipments or returns, by line id."""
    sums: Counter[str] = Counter()
    for part in parts:
        for line in part["line_items"]:
            sums[line["line_id"]] += line[field]
    return sums


def plan_shipment(lines: Lines, shipments: Lines, wanted: Lines | None) -> list[dict[str, Any]]:
    """
    Return the new shipment's lines {line_id, quantity, amount}; `wanted` None ships all that is left.

    Amounts are cumulatively rounded shares of the line total, so that the last piece takes the rest.
    Raises OrderNotShippable when nothing is left, InvalidInput for more of a line than is left.
    """
    shipped = per_line(shipments, "quantity")
    left = {line["line_id"]: line["quantity"] - shipped[line["line_id"]] for line in lines}
    if not any(left.values()):
        raise OrderNotShippable("Everything is shipped already")
    if wanted is None:
        quantities = {line_id: quantity for line_id, quantity in left.items() if quantity}
    else:
        quantities = _checked(wanted, left, "left to ship")
    return [
        {
            "line_id": line["line_id"],
            "quantity": quantities[line["line_id"]],
            "amount": piece(
                line["total_amount"], line["quantity"], shipped[line["line_id"]], quantities[line["line_id"]]
            ),
        }
        for line in lines
        if line["line_id"] in quantities
    ]


def piece(total: int, whole: int, before: int, quantity: int) -> int:
    """Return what the next `quantity` of `whole` units cost, after `before` of them."""
    return share(total, before + quantity, whole) - share(total, before, whole)


def _checked(wanted: Lines, left: Mapping[str, int], what: str) -> dict[str, int]:
    """Return the wanted quantity per line id; InvalidInput names lines that are unknown, named twice or too many."""
    quantities: dict[str, int] = {}
    faults = []
    for position, line in enumerate(wanted):
        line_id = line["line_id"]
        if line_id not in left:
            faults.append(FieldError(f"/line_items/{position}/line_id", "The order has no such line."))
        elif line_id in quantities:
            faults.append(FieldError(f"/line_items/{position}/line_id", "This line is named twice."))
        elif line["quantity"] > left[line_id]:
            detail = f"Only {left[line_id]} of this line are {what}."
            faults.append(FieldError(f"/line_items/{position}/quantity", detail))
        quantities[line_id] = line["quantity"]
    if faults:
        raise InvalidInput(errors=faults)
    return quantities


def captured_shipments(shipments: Lines) -> list[Mapping[str, Any]]:
    return [shipment for shipment in shipments if shipment["captured_amount"] is not None]


def captured_amount(shipments: Lines) -> int:
    """Return what was captured of an order, in minor units."""
    return sum(shipment["captured_amount"] or 0 for shipment in shipments)


def plan_return(shipments: Lines, returns: Lines, refunds: Lines, wanted: Lines, currency: str) -> list[dict[str, Any]]:
    """
    Return the new return's lines {line_id, quantity, refund_amount}.

    `wanted` is [{line_id, quantity, refund_amount: Money | None}]: None is the returned share of what was captured.
    A refund is at most what is captured and not yet refunded, on its line and on the whole order (`refunds` are those
    the merchant made without a return). Raises InvalidInput, or CapturePending while a capture is still awaited.
    """
    shipped, returned = per_line(shipments, "quantity"), per_line(returns, "quantity")
    left = {line_id: quantity - returned[line_id] for line_id, quantity in shipped.items()}
    quantities = _checked(wanted, left, "shipped and not yet returned")
    pending = {line["line_id"] for line in _uncaptured_lines(shipments) if line["amount"]}
    captured, refunded = per_line(captured_shipments(shipments), "amount"), per_line(returns, "refund_amount")
    order_left = captured_amount(shipments) - sum(entry["amount"] for entry in [*returns, *refunds])
    planned = []
    for position, line in enumerate(wanted):
        line_id = line["line_id"]
        most = max(0, min(captured[line_id] - refunded[line_id], order_left))
        if line["refund_amount"] is None:
            default = piece(captured[line_id], shipped[line_id], returned[line_id], quantities[line_id])
            if line_id in pending:
                raise CapturePending(headers={"Retry-After": "1"})
            refund = min(default, most)
        else:
            refund = _checked_refund(position, line, most, currency, is_pending=line_id in pending)
        order_left -= refund
        planned.append({"line_id": line_id, "quantity": line["quantity"], "refund_amount": refund})
    return planned


def _uncaptured_lines(shipments: Lines) -> Iterator[Mapping[str, Any]]:
    for shipment in shipments:
        if shipment["captured_amount"] is None:
            yield from shipment["line_items"]


def _checked_refund(position: int, line: Mapping[str, Any], most: int, currency: str, *, is_pending: bool) -> int:
    wanted = line["refund_amount"]
    pointer = f"/line_items/{position}/refund_amount"
    if wanted.currency != currency:
        raise invalid(pointer, f"The order is in {currency}.")
    if wanted.amount <= most:
        return int(wanted.amount)
    if is_pending:
        raise CapturePending(headers={"Retry-After": "1"})
    raise invalid(pointer, f"At most {most} minor units of this line are captured and not yet refunded.")
