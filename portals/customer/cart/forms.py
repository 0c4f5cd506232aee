"""The forms of the cart: adding a product, quantities of its lines, and quick order."""

from __future__ import annotations

import re
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict
from wtforms import StringField, ValidationError

from portals.customer.cart.client import Cart, SkuQuantity
from shared.portal.forms import PortalForm, TextField

MOST_UNITS = 1_000_000
MOST_PASTED_LINES = 500
NOT_A_QUANTITY = "the quantity is not a whole number from 1 to 1,000,000"


class QuantityField(StringField):
    """A whole number of units from 1 to a million; `quantity` after validation."""

    quantity: int

    def pre_validate(self, form: PortalForm) -> None:
        quantity = parse_quantity(self.data)
        if quantity is None:
            raise ValidationError("Enter a whole number from 1 to 1,000,000.")
        self.quantity = quantity


class AddForm(PortalForm):
    sku = TextField()
    quantity = QuantityField(default="1")
    back = TextField()


class QuantitiesForm:
    """The quantities of a cart's lines, in fields `quantity-<sku>`; a SKU may hold characters of field names."""

    def __init__(self, cart: Cart, form: MultiDict[str, str]) -> None:
        self.removed = form.get("remove", "")
        self.goes_to_checkout = form.get("go") == "checkout"
        self.unread: list[str] = []
        self.lines: list[SkuQuantity] = []
        for line in cart.line_items:
            raw = "0" if line.sku == self.removed else form.get(f"quantity-{line.sku}")
            self._read(line.sku, line.quantity, raw)

    def _read(self, sku: str, present: int, raw: str | None) -> None:
        """Take a line's quantity: 0 removes it; a line that the form does not name stays (another tab added it)."""
        if raw is not None and raw.strip() == "0":
            return
        quantity = present if raw is None else parse_quantity(raw)
        if quantity is None:
            self.unread.append(sku)
        self.lines.append(SkuQuantity(sku, quantity or present))


class QuickOrderForm(PortalForm):
    """Rows of SKU and quantity, and `lines` pasted from a spreadsheet."""

    lines = StringField()

    def __init__(self, formdata: MultiDict[str, str]) -> None:
        super().__init__(formdata)
        rows = zip(formdata.getlist("sku"), formdata.getlist("quantity"), strict=False)
        typed = "\n".join(f"{sku}\t{quantity or 1}" for sku, quantity in rows if sku.strip())
        found, self.unread = parse_quick_order(f"{typed}\n{self.lines.data or ''}")
        self.is_cut = len(found) > MOST_PASTED_LINES
        self.found = found[:MOST_PASTED_LINES]


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


def parse_quick_order(text: str) -> tuple[list[SkuQuantity], list[UnreadLine]]:
    """
    Return the lines `SKU quantity` of a pasted text, and those that cannot be read; a bare SKU means one unit.

    Tab, comma, semicolon or blanks separate. A SKU may hold blanks itself, so that the last word of a line is its
    quantity only when it is a number.
    """
    lines: list[SkuQuantity] = []
    unread: list[UnreadLine] = []
    for raw in text.splitlines():
        if not raw.strip():
            continue
        sku, quantity = _split_line(raw.strip())
        units = parse_quantity(quantity)
        if units is None:
            unread.append(UnreadLine(raw.strip(), NOT_A_QUANTITY))
        else:
            lines.append(SkuQuantity(sku.upper(), units))
    return lines, unread


def _split_line(text: str) -> tuple[str, str]:
    parts = [part.strip() for part in re.split(r"[\t;]|,(?!\d{3}\b)", text) if part.strip()]
    if len(parts) > 1:
        return parts[0], parts[1]
    sku, _, last = text.rpartition(" ")
    return (sku.strip(), last) if sku and re.fullmatch(r"-?[0-9.,]+", last) else (text, "1")
