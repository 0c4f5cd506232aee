"""The forms of the cart: adding a product, quantities of its lines, and quick order."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
from flask import session
from werkzeug.datastructures import MultiDict
from wtforms import StringField, ValidationError

from portals.customer.cart.client import QUANTITY_ADVICE, Cart, SkuQuantity
from shared.base.numbers import read_whole
from shared.base.skus import normal_sku
from shared.portal.drafts import take_draft
from shared.portal.faults import WHOLE_FORM, Faults
from shared.portal.formatting import sentence
from shared.portal.forms import PortalForm, TextField

MOST_UNITS = 1_000_000
MOST_PASTED_LINES = 500
QUICK_ROWS = 3
MOST_MESSAGES = 10
LONGEST_PASTE = 50_000
NOT_A_QUANTITY = "The quantity is not a whole number from 1 to 1,000,000."
# A last word that is meant as a number, whether or not it is one: `12`, `1,5`, `1e3`, `1_000`, `+5`, full-width digits.
_QUOTED_CELL = re.compile(r'\s*"((?:[^"]|"")*)" *')
_NUMBER_WORD = re.compile(r"[-+]?[.,]?\d[\d.,_'\u00a0\u202f]*([eE][-+]?\d+)?")


class QuantityField(StringField):
    """A whole number of units from 1 to a million; `quantity` after validation."""

    quantity: int

    def pre_validate(self, form: PortalForm) -> None:
        quantity = parse_quantity(self.data)
        if quantity is None:
            raise ValidationError(QUANTITY_ADVICE)
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
        self.unread: dict[str, str] = {}
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
            self.unread[sku] = raw or ""
        self.lines.append(SkuQuantity(sku, quantity or present))


class QuickOrderForm(PortalForm):
    """Rows of SKU and quantity, and `lines` pasted from a spreadsheet."""

    lines = StringField()

    def __init__(self, formdata: MultiDict[str, str]) -> None:
        super().__init__(formdata)
        rows = zip(formdata.getlist("sku"), formdata.getlist("quantity"), strict=False)
        typed = [_typed_entry(sku.strip(), quantity.strip()) for sku, quantity in rows if sku.strip()]
        entries = [*typed, *parse_quick_order(self.lines.data or "")]
        self.entries = entries[:MOST_PASTED_LINES]
        self.beyond = entries[MOST_PASTED_LINES:]
        self.found = [entry.line for entry in self.entries if entry.line is not None]


@dataclass(frozen=True)
class Entry:
    """
    One line of a quick order; `line` is None for one that cannot be read.

    `text` is what was pasted; for a line typed into two boxes `boxes` are these.
    """

    line: SkuQuantity | None
    text: str
    boxes: tuple[str, str] | None = None


def parse_quantity(raw: str | None) -> int | None:
    """Return a whole number of units from 1 to a million (`1,200` is 1200), None for anything else."""
    quantity = read_whole((raw or "").strip())
    return quantity if quantity is not None and 1 <= quantity <= MOST_UNITS else None


def _typed_entry(sku: str, quantity: str) -> Entry:
    return Entry(_read_line(sku, quantity or "1"), f"{sku} {quantity}".strip(), (sku, quantity))


def _read_line(sku: str, quantity: str) -> SkuQuantity | None:
    units = parse_quantity(quantity)
    return None if units is None else SkuQuantity(normal_sku(sku), units)


def parse_quick_order(text: str) -> list[Entry]:
    """
    Return the lines `SKU quantity` of a pasted text, each as it was read; a bare SKU means one unit.

    Tab, semicolon, comma or blanks separate. A SKU may hold blanks itself, so that the last word of a line is its
    quantity only when it is meant as a number. No SKU holds a comma, so that a number with one never names a SKU.
    Cells may stand in the quotes of a CSV file.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return [Entry(_read_line(*_split_line(line)), line) for line in lines]


def _split_line(text: str) -> tuple[str, str]:
    """Return SKU and quantity of a line; cells behind the quantity, such as a name, are left out."""
    quoted = _QUOTED_CELL.match(text)
    if quoted and text[quoted.end() :][:1] in ("", ",", ";", "\t"):
        sku, rest = quoted[1].strip(), text[quoted.end() + 1 :].strip()
        return (sku, _quantity_of(re.split(r"[\t;]", rest)[0]) or "1") if sku else (text, "")
    cells = [cell.strip() for cell in re.split(r"[\t;]", text) if cell.strip()]
    if len(cells) != 1:
        return (cells[0], _unquoted(cells[1])) if cells else (text, "")
    sku, _, last = cells[0].rpartition(" ")
    sku = sku.rstrip(" ,")
    if sku and "," not in sku and _NUMBER_WORD.fullmatch(last):
        return sku, last
    sku, _, rest = cells[0].partition(",")
    return sku.strip() or text, _quantity_of(rest) or "1"


def _quantity_of(rest: str) -> str:
    """Return the quantity at the beginning of what follows the SKU."""
    quoted = _QUOTED_CELL.match(rest)
    return quoted[1].strip() if quoted else re.sub(r",\s*[^\s\d,].*", "", rest).strip(" ,")


def _unquoted(cell: str) -> str:
    quoted = _QUOTED_CELL.fullmatch(cell)
    return quoted[1].strip() if quoted else cell


class DraftRow(msgspec.Struct, frozen=True):
    """Two boxes of the quick order as they were typed, what is wrong with them, and with which of the two."""

    sku: str = ""
    quantity: str = ""
    fault: str = ""
    box: str = "sku"


class Draft(msgspec.Struct, frozen=True):
    """What is left in the quick order to be corrected; `messages` say why pasted lines were not added."""

    rows: list[DraftRow] = []
    pasted: str = ""
    messages: list[str] = []

    @property
    def shown_rows(self) -> list[DraftRow]:
        """The rows, and empty ones up to the three that a quick order shows."""
        return [*self.rows, *[DraftRow()] * (QUICK_ROWS - len(self.rows))]

    @property
    def faults(self) -> Faults:
        """What is wrong, for the summary: each row by its place, and the pasted lines together."""
        rows = {
            f"quick-{row.box}-{place}": f"{row.sku}: {row.fault}" for place, row in enumerate(self.rows, 1) if row.fault
        }
        return rows | ({"lines" if self.pasted else WHOLE_FORM: self.advice} if self.messages else {})

    @property
    def advice(self) -> str:
        """The first ten messages, and how many more there are."""
        more = len(self.messages) - MOST_MESSAGES
        return " ".join([*self.messages[:MOST_MESSAGES], *([f"\u2026 and {more} more."] if more > 0 else [])])


def take_quick_order() -> Draft:
    """Return what is left of the last quick order, or what was typed before a sign-in, and forget it."""
    typed = take_draft("cart.quick_order")
    if typed:
        boxes = zip(typed.getlist("sku"), typed.getlist("quantity"), strict=False)
        return Draft([DraftRow(*row) for row in boxes if any(row)], typed.get("lines", ""))
    return msgspec.convert(session.pop("quick_order", {}), Draft)


def left_over(entries: Sequence[Entry], left_out: Mapping[str, str], beyond: Sequence[Entry] = ()) -> Draft:
    """Return the lines that were not added: unread ones, those that the cart left out, those `beyond` the limit."""
    faults = [(entry, _fault(entry, left_out)) for entry in entries]
    rows = [
        DraftRow(*entry.boxes, fault, "sku" if entry.line else "quantity")
        for entry, fault in faults
        if entry.boxes and fault
    ]
    pasted = [entry.text for entry, fault in faults if fault and not entry.boxes]
    told = dict.fromkeys(
        f"{entry.line.sku if entry.line else entry.text}: {fault}"
        for entry, fault in faults
        if fault and not entry.boxes
    )
    skus = {entry.line.sku for entry in entries if entry.line}
    others = [f"{sku}: {sentence(reason)}" for sku, reason in left_out.items() if sku not in skus]
    text = "\n".join([*pasted, *(entry.text for entry in beyond)])
    unread = [f"Only the first {MOST_PASTED_LINES} lines were read."] if beyond else []
    return Draft(rows, text[:LONGEST_PASTE], [*told, *others, *unread])


def _fault(entry: Entry, left_out: Mapping[str, str]) -> str:
    return sentence(left_out.get(entry.line.sku, "")) if entry.line else NOT_A_QUANTITY
