"""Freezes prices: what each line and the whole order cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from services.orders.errors import invalid
from shared.base.errors import FieldError, InvalidInput
from shared.base.money import MAX_AMOUNT, line_total

MAX_LINES = 2000
MAX_QUANTITY = 1_000_000
# What products can hold of one SKU; more would be refused there as malformed, not as short.
MAX_UNITS = 1_000_000_000

UnitPrice = tuple[Decimal, str]


@dataclass(frozen=True)
class PricedLines:
    """Line items as an order keeps them, their currency and their sum in minor units."""

    line_items: list[dict[str, Any]]
    currency: str
    total_amount: int


def price_lines(requested: Sequence[Mapping[str, Any]], offers: Sequence[Mapping[str, Any] | None]) -> PricedLines:
    """
    Return the lines with their prices frozen.

    `requested` is [{sku, quantity, unit_price?}], where a `unit_price` (Decimal, currency) overrides the catalog's;
    `offers` is the catalog's answer line by line, None for an unknown SKU. Raises InvalidInput that names every line
    which cannot be ordered.
    """
    faults = [
        FieldError(f"/line_items/{position}/sku", fault)
        for position, offer in enumerate(offers)
        if (fault := _fault_of(offer))
    ]
    if faults:
        raise InvalidInput(errors=faults)
    sellable = [offer for offer in offers if offer is not None]
    prices = [unit_price_of(line, offer) for line, offer in zip(requested, sellable, strict=True)]
    currency = prices[0][1]
    for position, (_, other) in enumerate(prices):
        if other != currency:
            raise invalid(f"/line_items/{position}/sku", f"Its price is in {other}, the first line's in {currency}.")
    line_items = [
        _frozen(position, line, offer, unit_amount)
        for position, (line, offer, (unit_amount, _)) in enumerate(zip(requested, sellable, prices, strict=True), 1)
    ]
    total = sum(line["total_amount"] for line in line_items)
    if total > MAX_AMOUNT:
        raise invalid("/line_items", f"The total is beyond {MAX_AMOUNT} minor units.")
    if max(units_per_sku(line_items).values()) > MAX_UNITS:
        raise invalid("/line_items", f"At most {MAX_UNITS:,} units of one product.")
    return PricedLines(line_items, currency, total)


def _fault_of(offer: Mapping[str, Any] | None) -> str | None:
    if offer is None:
        return "There is no such product."
    return None if offer["is_active"] else "This product is not sold any more."


def unit_price_of(line: Mapping[str, Any], offer: Mapping[str, Any]) -> UnitPrice:
    """Return (minor units, currency): the price keyed in, else the catalog's for this quantity."""
    keyed: UnitPrice | None = line.get("unit_price")
    if keyed is not None:
        return keyed
    return Decimal(str(offer["unit_price"]["amount"])), str(offer["unit_price"]["currency"])


def _frozen(position: int, line: Mapping[str, Any], offer: Mapping[str, Any], unit_amount: Decimal) -> dict[str, Any]:
    return {
        "line_id": str(position),
        "sku": line["sku"],
        "name": offer["name"],
        "quantity": line["quantity"],
        "unit_amount": format(unit_amount, "f"),
        "total_amount": line_total(unit_amount, line["quantity"]),
    }


def require_fitting_payment(total_amount: int, payment: Mapping[str, Any] | None) -> None:
    """Refuse an order that costs something and names no payment, and the reverse."""
    if total_amount and payment is None:
        raise invalid("/payment", "Give a payment: the order costs something.")
    if payment is not None and not total_amount:
        raise invalid("/payment", "Leave the payment out: the order is free.")


def units_per_sku(line_items: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return how many units of each SKU the lines hold together."""
    units: dict[str, int] = {}
    for line in line_items:
        units[line["sku"]] = units.get(line["sku"], 0) + line["quantity"]
    return units


def merged_lines(lines: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return cart lines with one entry per SKU, in order of first appearance; InvalidInput past the cart's limits."""
    units: dict[str, int] = {}
    for position, line in enumerate(lines):
        units[line["sku"]] = units.get(line["sku"], 0) + line["quantity"]
        if units[line["sku"]] > MAX_QUANTITY:
            raise invalid(f"/line_items/{position}/quantity", f"At most {MAX_QUANTITY:,} of one product.")
    if len(units) > MAX_LINES:
        raise invalid("/line_items", f"A cart holds at most {MAX_LINES} lines.")
    return [{"sku": sku, "quantity": quantity} for sku, quantity in units.items()]


def added_line(lines: Sequence[Mapping[str, Any]], sku: str, quantity: int) -> list[dict[str, Any]]:
    """Return the cart's lines with so many units more; InvalidInput past the cart's limits."""
    held = units_per_sku(lines).get(sku, 0)
    if held + quantity > MAX_QUANTITY:
        raise invalid("/quantity", f"At most {MAX_QUANTITY:,} of one product; {held:,} are in the cart.")
    if not held and len(lines) >= MAX_LINES:
        raise invalid("/sku", f"A cart holds at most {MAX_LINES} lines.")
    return merged_lines([*lines, {"sku": sku, "quantity": quantity}])


def priced_cart(lines: Sequence[Mapping[str, Any]], offers: Sequence[Mapping[str, Any] | None]) -> dict[str, Any]:
    """Return the cart as its API shows it; `total` is None for lines that no order could hold together."""
    shown = [_cart_line(line, offer) for line, offer in zip(lines, offers, strict=True)]
    return {"line_items": shown, "total": _cart_total([line["total"] for line in shown])}


def _cart_total(totals: Sequence[Mapping[str, Any] | None]) -> dict[str, Any] | None:
    """Return their sum; None while one has no price, currencies differ or the sum is beyond what an order may cost."""
    priced = [total for total in totals if total is not None]
    currencies = {total["currency"] for total in priced}
    amount = sum(total["amount"] for total in priced)
    if len(priced) < len(totals) or len(currencies) != 1 or amount > MAX_AMOUNT:
        return None
    return {"amount": amount, "currency": currencies.pop()}


def _cart_line(line: Mapping[str, Any], offer: Mapping[str, Any] | None) -> dict[str, Any]:
    known = {"sku": line["sku"], "quantity": line["quantity"]}
    if offer is None:
        return {**known, "name": line["sku"], "unit_price": None, "total": None, "available": 0, "is_available": False}
    unit_amount, currency = unit_price_of({}, offer)
    available = offer["available"] if offer["is_stocked"] else None
    return {
        **known,
        "name": offer["name"],
        "unit_price": offer["unit_price"],
        "total": {"amount": line_total(unit_amount, line["quantity"]), "currency": currency},
        "available": available,
        "is_available": bool(offer["is_active"] and (available is None or available >= line["quantity"])),
    }
