"""The gateway's JSON turned into what the merchant's pages show, and forms into bodies: pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, DecimalException
from typing import Any

from shared.base.money import MAX_AMOUNT, minor_units
from shared.portal.formatting import major

Json = dict[str, Any]

IMPORT_TEMPLATE = (
    "sku,name,description,category,unit_price,currency,stock,breaks\r\n"
    "BOLT-M8,Hex bolt M8 x 40,Zinc plated,Fasteners,2.55,GBP,1200,12:2.10;48:1.95\r\n"
    "POSTAGE,Postage,A fee: leave stock empty and it is never reserved,Fees,18.00,GBP,,\r\n"
)
MOST_DECIMALS = 20
CANCELLABLE = ("placed", "pending_payment", "confirmed")


class FormInvalid(ValueError):
    """A form field cannot be read; `field` names it, the message is for the person who typed it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def read_amount(raw: str, currency: str, *, field: str, whole: bool = False) -> Json:
    """
    Return what was typed in major units (`12.50`) as Money; raise FormInvalid.

    Unit prices may carry decimals of the minor unit, as a string; `whole` refuses them.
    """
    try:
        minor = minor_units(Decimal(raw.strip().replace(",", "")), currency)
    except DecimalException:
        raise FormInvalid(field, "Enter an amount such as 12.50.") from None
    if not minor.is_finite() or minor < 0:
        raise FormInvalid(field, "Enter an amount of 0 or more.")
    if minor > MAX_AMOUNT or _decimals(minor) > MOST_DECIMALS:
        raise FormInvalid(field, "This amount is too large, or has too many decimals.")
    if minor == minor.to_integral_value():
        return {"amount": int(minor), "currency": currency}
    if whole:
        raise FormInvalid(field, f"{currency} has no smaller unit than that; round the amount.")
    return {"amount": f"{minor.normalize():f}", "currency": currency}


def _decimals(amount: Decimal) -> int:
    return -int(amount.normalize().as_tuple().exponent)


def read_units(raw: str, *, field: str, least: int = 0) -> int:
    """Return a whole number of units, `least` or more; raise FormInvalid."""
    digits = raw.strip().replace(",", "")
    if not re.fullmatch(r"[0-9]{1,9}", digits) or int(digits) < least:
        raise FormInvalid(field, f"Enter a whole number, {least} or more.")
    return int(digits)


def read_breaks(raw: str, currency: str) -> list[Json]:
    """Return price breaks typed one a line as `quantity: price`, as in an import file; raise FormInvalid."""
    breaks = []
    for line in re.split(r"[;\n]", raw):
        if not line.strip():
            continue
        quantity, separator, price = line.partition(":")
        if not separator:
            raise FormInvalid("price_breaks", f"“{line.strip()}” is not of the form 12: 2.10.")
        breaks.append(
            {
                "min_quantity": read_units(quantity, field="price_breaks", least=2),
                "unit_price": read_amount(price, currency, field="price_breaks"),
            }
        )
    return sorted(breaks, key=lambda step: step["min_quantity"])


def product_body(form: Mapping[str, str]) -> Json:
    """Return the body that creates or changes a product, from the form of its page; raise FormInvalid."""
    currency = form.get("currency", "GBP")
    return {
        "name": form.get("name", "").strip(),
        "description": form.get("description", "").strip(),
        "category": form.get("category", "").strip(),
        "unit_price": read_amount(form.get("unit_price", ""), currency, field="unit_price"),
        "price_breaks": read_breaks(form.get("price_breaks", ""), currency),
    }


def open_lines(order: Json) -> list[Json]:
    """Return the lines that are not wholly shipped, each with `left`."""
    rows = [line | {"left": line["quantity"] - line["shipped_quantity"]} for line in order["line_items"]]
    return [row for row in rows if row["left"] > 0]


def returnable_lines(order: Json) -> list[Json]:
    """Return the lines of which something was shipped and not yet returned, each with `left`."""
    rows = [line | {"left": line["shipped_quantity"] - line["returned_quantity"]} for line in order["line_items"]]
    return [row for row in rows if row["left"] > 0]


def shipment_body(order: Json, form: Mapping[str, str]) -> Json:
    """
    Return the lines and quantities of the shipping form (`ship-<line_id>`); empty or 0 leaves a line out.

    The button `all` names no lines: the orders service ships what is left then, whatever it is by now.
    """
    if form.get("all"):
        return _reference(form)
    lines = _quantities(open_lines(order), form, "ship")
    if not lines:
        raise FormInvalid("shipment", "Enter how many units to ship.")
    return {"line_items": lines} | _reference(form)


def return_body(order: Json, form: Mapping[str, str]) -> Json:
    """Return the lines, quantities and refunds of the return form; without an amount the paid share is refunded."""
    lines = _quantities(returnable_lines(order), form, "return")
    if not lines:
        raise FormInvalid("return", "Enter how many units came back.")
    currency = order["total"]["currency"]
    for line in lines:
        raw = form.get(f"refund-{line['line_id']}", "")
        if raw.strip():
            line["refund_amount"] = read_amount(raw, currency, field="return", whole=True)
    return {"line_items": lines} | _reference(form)


def _quantities(rows: Iterable[Json], form: Mapping[str, str], part: str) -> list[Json]:
    lines = []
    for row in rows:
        raw = form.get(f"{part}-{row['line_id']}", "")
        quantity = read_units(raw, field="shipment" if part == "ship" else "return") if raw.strip() else 0
        if quantity:
            lines.append({"line_id": row["line_id"], "quantity": quantity})
    return lines


def _reference(form: Mapping[str, str]) -> Json:
    reference = form.get("reference", "").strip()
    return {"reference": reference} if reference else {}


def with_names(order: Json, part: str) -> list[Json]:
    """Return the order's shipments or returns, newest first, each line with SKU and name."""
    named = {line["line_id"]: line for line in order["line_items"]}
    return [
        entry
        | {
            "line_items": [
                line | {name: named[line["line_id"]][name] for name in ("sku", "name")} for line in entry["line_items"]
            ]
        }
        for entry in reversed(order[part])
    ]


def can_cancel(order: Json) -> bool:
    return order["status"] in CANCELLABLE and not order["shipments"]


def refundable(payment: Json | None) -> Json | None:
    """Return what is captured and not yet refunded, None when that is nothing."""
    if payment is None:
        return None
    left = payment["captured_total"]["amount"] - payment["refunded_total"]["amount"]
    return {"amount": left, "currency": payment["amount"]["currency"]} if left > 0 else None


def import_progress(found: Json) -> Json:
    """Return what the progress page shows of an import: counts, whether it is over, and its row errors."""
    counts = [("Created", found["created"]), ("Updated", found["updated"]), ("Unchanged", found["unchanged"])]
    return {
        "is_over": found["status"] in ("succeeded", "failed"),
        "is_unreadable": found["status"] == "failed",
        "counts": [("Rows read", found["rows_read"]), *counts, ("With errors", found["failed"])],
        "hidden_errors": max(0, found["failed"] - len(found["errors"])),
    }


def break_text(product: Json) -> str:
    """Return a product's price breaks as its form shows them: `12: 2.10`, one a line."""
    return "\n".join(f"{step['min_quantity']}: {major(step['unit_price'])}" for step in product["price_breaks"])
