"""The forms of the cart: adding a product, quantities of its lines, and quick order."""

from __future__ import annotations

import re
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict
from wtforms import StringField, ValidationError

from portals.customer.cart.client import Cart, SkuQuantity
from shared.base.numbers import read_whole
from shared.base.skus import normal_sku
from shared.portal.forms import PortalForm, TextField

MOST_UNITS = 1_000_000
MOST_PASTED_LINES = 500
NOT_A_QUANTITY = "the quantity is not a whole number from 1 to 1,000,000"
# A last word that is meant as a number, whether or not it is one: `12`, `1,5`, `1e3`, `1_000`, `+5`, full-width digits.
_NUMBER_WORD = re.compile(r"[-+]?[.,]?\d[\d.,_'\u00a0\u202f]*([eE][-+]?\d+)?")


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
        typed = [read_line(sku.strip(), quantity.strip() or "1") for sku, quantity in rows if sku.strip()]
        pasted = parse_quick_order(self.lines.data or "")
        found = [line for line in [*typed, *pasted] if isinstance(line, SkuQuantity)]
        self.unread = [line for line in [*typed, *pasted] if isinstance(line, UnreadLine)]
        self.is_cut = len(found) > MOST_PASTED_LINES
        self.found = found[:MOST_PASTED_LINES]


@dataclass(frozen=True)
class UnreadLine:
    """One line of a quick order that could not be read, with the reason."""

    text: str
    reason: str


def parse_quantity(raw: str | None) -> int | None:
    """Return a whole number of units from 1 to a million (`1,200` is 1200), None for anything else."""
    quantity = read_whole((raw or "").strip())
    return quantity if quantity is not None and 1 <= quantity <= MOST_UNITS else None


def read_line(sku: str, quantity: str, text: str = "") -> SkuQuantity | UnreadLine:
    """Return a line of a quick order, or the text that was given when the quantity cannot be read."""
    units = parse_quantity(quantity)
    if units is None:
        return UnreadLine(text or f"{sku} {quantity}", NOT_A_QUANTITY)
    return SkuQuantity(normal_sku(sku), units)


def parse_quick_order(text: str) -> list[SkuQuantity | UnreadLine]:
    """
    Return the lines `SKU quantity` of a pasted text, each as it was read; a bare SKU means one unit.

    Tab, semicolon, comma or blanks separate. A SKU may hold blanks itself, so that the last word of a line is its
    quantity only when it is meant as a number. No SKU holds a comma, so that a number with one never names a SKU.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return [read_line(*_split_line(line), line) for line in lines]


def _split_line(text: str) -> tuple[str, str]:
    """Return SKU and quantity of a line; cells behind the quantity, such as a name, are left out."""
    cells = [cell.strip() for cell in re.split(r"[\t;]", text) if cell.strip()]
    if len(cells) != 1:
        return (cells[0], cells[1]) if cells else (text, "")
    sku, _, last = cells[0].rpartition(" ")
    sku = sku.rstrip(" ,")
    if sku and "," not in sku and _NUMBER_WORD.fullmatch(last):
        return sku, last
    sku, _, rest = cells[0].partition(",")
    quantity = re.sub(r",\s*[^\s\d,].*", "", rest).strip(" ,")
    return sku.strip() or text, quantity or "1"
