"""The gateway's JSON turned into what the buyer's pages show: pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shared.portal.statuses import ORDER_WORDS, Step

Json = dict[str, Any]
EN_DASH = "\u2013"
MOST_UNITS = 1_000_000

PLACED_STATES = ("confirmed", "partially_shipped", "shipped")
OPEN_STATES = ("placed", "pending_payment")


@dataclass(frozen=True)
class QuickLine:
    """One line of a quick order that could be read."""

    sku: str
    quantity: int


@dataclass(frozen=True)
class UnreadLine:
    """One line of a quick order that could not be read, with the reason."""

    text: str
    reason: str


def parse_quantity(raw: str | None) -> int | None:
    """Return a whole number of units from 1 to a million (`1,200` is 1200), None for anything else."""
    digits = (raw or "").strip().replace(",", "").replace(" ", "")
    if not re.fullmatch(r"[0-9]{1,7}", digits):
        return None
    quantity = int(digits)
    return quantity if 1 <= quantity <= MOST_UNITS else None


def parse_quick_order(text: str) -> tuple[list[QuickLine], list[UnreadLine]]:
    """
    Read pasted lines `SKU quantity`, separated by tab, comma, semicolon or blanks; a bare SKU means one.

    A SKU may hold blanks itself, so that the last word of a line is its quantity only when it is a number.
    """
    lines: list[QuickLine] = []
    unread: list[UnreadLine] = []
    for raw in text.splitlines():
        if not raw.strip():
            continue
        sku, quantity = _split_line(raw.strip())
        units = parse_quantity(quantity)
        if units is None:
            unread.append(UnreadLine(raw.strip(), "the quantity is not a whole number from 1 to 1,000,000"))
        else:
            lines.append(QuickLine(sku.upper(), units))
    return lines, unread


def _split_line(text: str) -> tuple[str, str]:
    parts = [part.strip() for part in re.split(r"[\t;]|,(?!\d{3}\b)", text) if part.strip()]
    if len(parts) > 1:
        return parts[0], parts[1]
    sku, _, last = text.rpartition(" ")
    return (sku.strip(), last) if sku and re.fullmatch(r"-?[0-9.,]+", last) else (text, "1")


def price_ladder(product: Json) -> list[Json]:
    """Return the price steps of a product, the single price first: label, unit_price and saving in whole percent."""
    base = Decimal(str(product["unit_price"]["amount"]))
    steps = [{"min_quantity": 1, "unit_price": product["unit_price"]}, *product.get("price_breaks", [])]
    ladder = []
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        last = f"{EN_DASH}{following['min_quantity'] - 1:,}" if following else "+"
        first = step["min_quantity"]
        label = f"{first:,}" if following and following["min_quantity"] - 1 == first else f"{first:,}{last}"
        amount = Decimal(str(step["unit_price"]["amount"]))
        saving = round((base - amount) / base * 100) if base else 0
        ladder.append({"label": label, "unit_price": step["unit_price"], "saving": saving})
    return ladder


def availability(product: Json) -> Json:
    """Return text and tone of what can be had of a product now."""
    if not product["is_active"]:
        return {"text": "No longer sold", "tone": "bad"}
    if not product["is_stocked"]:
        return {"text": "Always available", "tone": "good"}
    available = product["available"] or 0
    if available <= 0:
        return {"text": "Out of stock", "tone": "bad"}
    return {"text": f"{available:,} in stock", "tone": "warn" if available < 20 else "good"}


def cart_lines(cart: Json) -> list[Json]:
    """Return the cart's lines, each with a `warning` where it cannot be delivered as it stands."""
    return [line | {"warning": _shortage(line)} for line in cart["line_items"]]


def _shortage(line: Json) -> str:
    if line["is_available"]:
        return ""
    available = line.get("available")
    if available is None:
        return "No longer sold"
    return "Out of stock" if available <= 0 else f"Only {available:,} available"


def within_stock(cart: Json) -> list[Json]:
    """Return the cart's lines cut down to what can be delivered: {sku, quantity}."""
    kept = []
    for line in cart["line_items"]:
        quantity = line["quantity"] if line["is_available"] else min(line["quantity"], line.get("available") or 0)
        if quantity > 0:
            kept.append({"sku": line["sku"], "quantity": quantity})
    return kept


def edited_lines(cart: Json, form: Mapping[str, str]) -> tuple[list[Json], list[str]]:
    """
    Return the cart's lines with the quantities of a form (`quantity-<sku>`), and the SKUs whose quantity is unreadable.

    0 removes a line. A line that the form does not name stays: another tab may have added it.
    """
    lines, unread = [], []
    for line in cart["line_items"]:
        raw = form.get(f"quantity-{line['sku']}")
        quantity = line["quantity"] if raw is None else parse_quantity(raw)
        if raw is not None and raw.strip() == "0":
            continue
        if quantity is None:
            unread.append(line["sku"])
            quantity = line["quantity"]
        lines.append({"sku": line["sku"], "quantity": quantity})
    return lines, unread


def fingerprint(cart: Json) -> str:
    """Return what identifies the lines and prices that a buyer has reviewed."""
    parts = [f"{line['sku']}:{line['quantity']}:{(line['total'] or {}).get('amount')}" for line in cart["line_items"]]
    return "|".join(parts)


def timeline(order: Json) -> list[Step]:
    """Return the way of an order: placed, confirmed, shipped; or where it ended early."""
    status = order["status"]
    placed = Step("Placed", "done", order["created_at"])
    if status in ("cancelled", "refused"):
        reason = order.get("status_reason") or ""
        return [placed, Step(ORDER_WORDS[status].label, "stopped", order["updated_at"], reason)]
    confirmed = Step("Confirmed", "done" if status in PLACED_STATES else "next")
    shipments = order["shipments"]
    shipped_at = shipments[-1]["shipped_at"] if shipments else None
    if status == "shipped":
        return [placed, confirmed, Step("Shipped", "done", shipped_at)]
    if status == "partially_shipped":
        return [placed, confirmed, Step("Partly shipped", "half", shipped_at, "The rest follows")]
    return [placed, confirmed, Step("Shipped", "next")]


def can_cancel(order: Json) -> bool:
    return order["status"] in ("placed", "pending_payment", "confirmed") and not order["shipments"]


def shipment_rows(order: Json, part: str) -> list[Json]:
    """Return the order's shipments or returns (`part`), each line with the name of its product."""
    named = {line["line_id"]: line for line in order["line_items"]}
    rows = []
    for entry in order[part]:
        lines = [
            line | {name: named[line["line_id"]][name] for name in ("sku", "name")} for line in entry["line_items"]
        ]
        rows.append(entry | {"line_items": lines})
    return rows


def facet_rows(found: Json, chosen: str | None) -> list[Json]:
    """Return the categories with their counts, the chosen one kept even when nothing of it was found."""
    rows = [row | {"is_chosen": row["value"] == chosen} for row in found.get("facets", {}).get("category", [])]
    if chosen and not any(row["is_chosen"] for row in rows):
        rows.insert(0, {"value": chosen, "count": 0, "is_chosen": True})
    return rows


def units_in(lines: Iterable[Json]) -> int:
    return sum(line["quantity"] for line in lines)
