"""The import file: its columns, its rows and what is wrong with them."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, TextIO

import msgspec

from services.products.errors import ImportUnreadable, PriceBreaksInvalid
from services.products.rules.prices import PriceBreak, price, sorted_breaks
from shared.base.money import minor_units

COLUMNS = ("sku", "name", "description", "category", "unit_price", "currency", "stock", "breaks")
LONGEST_LINE = 100_000
FIRST_ROW = 2
_TEXT = r"^[^\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]*$"
_PRICE = r"^[0-9]{1,9}(\.[0-9]{1,4})?$"
_BREAK = re.compile(r"([1-9][0-9]{0,6}):([0-9]{1,9}(?:\.[0-9]{1,4})?)")

DETAILS = {
    "sku": "Use letters, digits, space, '.', '_', '/' and '-', 1 to 64 of them, beginning with a letter or digit.",
    "name": "Give 1 to 200 characters without control characters.",
    "description": "Give at most 5,000 characters without control characters.",
    "category": "Give at most 100 characters without control characters.",
    "unit_price": "Give major units such as 2.55, with at most four decimals.",
    "currency": "Give an ISO 4217 code such as GBP.",
    "stock": "Give a whole number of units, 0 or more, or nothing for what is not stocked.",
    "breaks": "Give minimum quantity and price in major units, such as 12:2.10;48:1.95.",
}


class Row(msgspec.Struct):
    """One row, its cells trimmed and still text."""

    sku: Annotated[str, msgspec.Meta(pattern=r"^[A-Z0-9][A-Z0-9 ._/-]{0,63}$")]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=_TEXT)]
    description: Annotated[str, msgspec.Meta(max_length=5_000, pattern=_TEXT)]
    category: Annotated[str, msgspec.Meta(max_length=100, pattern=_TEXT)]
    unit_price: Annotated[str, msgspec.Meta(pattern=_PRICE)]
    currency: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3}$")]
    stock: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{0,9}$")]
    breaks: Annotated[str, msgspec.Meta(max_length=2_000)]


@dataclass(frozen=True)
class RowFault:
    """What is wrong with a row, or worth knowing; `row` is its number in a spreadsheet, the heading being 1."""

    row: int
    field: str
    detail: str


@dataclass(frozen=True)
class ImportedRow:
    """A row that can be applied: the product's fields as they are stored, and on hand (None: not stocked)."""

    row: int
    sku: str
    fields: dict[str, Any]
    stock: int | None


class LineTooLong(Exception):
    """A line beyond LONGEST_LINE; what followed on it was skipped."""


class _Lines:
    """The lines of a text, none of which fills the memory; after LineTooLong the next line follows."""

    def __init__(self, text: TextIO) -> None:
        self._text = text

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._text.readline(LONGEST_LINE)
        if not line:
            raise StopIteration
        if len(line) < LONGEST_LINE or line.endswith(("\n", "\r")):
            return line
        while line and not line.endswith(("\n", "\r")):
            line = self._text.readline(LONGEST_LINE)
        raise LineTooLong


def read_cells(text: TextIO) -> Iterator[tuple[int, list[str] | RowFault]]:
    """
    Yield each row's number and cells in the order of COLUMNS, or its fault; empty rows are left out.

    Raises ImportUnreadable when the heading is not the one asked for, or the text is not UTF-8.
    """
    reader = csv.reader(_Lines(text), strict=True)
    number = 1
    try:
        order = _column_order(next(reader, []))
        while True:
            number += 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except (csv.Error, LineTooLong) as fault:
                yield number, RowFault(number, "", f"The row cannot be read: {str(fault) or 'it is too long'}.")
                continue
            if len(cells) == len(COLUMNS):
                yield number, [cells[place] for place in order]
            elif cells:
                yield number, RowFault(number, "", f"The row has {len(cells)} cells instead of {len(COLUMNS)}.")
    except UnicodeDecodeError as fault:
        raise ImportUnreadable(f"Save the file as CSV in UTF-8; it is not, after row {number - 1}.") from fault
    except (csv.Error, LineTooLong) as fault:
        raise ImportUnreadable(f"The first row must be the heading {','.join(COLUMNS)}.") from fault


def _column_order(heading: list[str]) -> list[int]:
    names = [name.strip().lower() for name in heading]
    if sorted(names) == sorted(COLUMNS):
        return [names.index(column) for column in COLUMNS]
    if len(names) == 1 and any(separator in names[0] for separator in ";\t|"):
        raise ImportUnreadable("Separate the columns by commas.")
    missing = [column for column in COLUMNS if column not in names]
    unknown = [name[:40] for name in names if name not in COLUMNS][:10]
    repeated = sorted({name for name in names if name in COLUMNS and names.count(name) > 1})
    problems = (("missing", missing), ("unknown", unknown), ("repeated", repeated))
    found = "; ".join(f"{word}: {', '.join(columns)}" for word, columns in problems if columns)
    raise ImportUnreadable(f"The first row must be the heading {','.join(COLUMNS)} ({found}).")


def normal_sku(cells: list[str]) -> str:
    return cells[0].strip().upper()


def parse_row(number: int, cells: list[str]) -> ImportedRow | RowFault:
    """Return the row as it is stored, or the first thing that is wrong with it."""
    values = dict(zip(COLUMNS, map(str.strip, cells), strict=True))
    values["sku"] = normal_sku(cells)
    values["currency"] = values["currency"].upper()
    try:
        row = msgspec.convert(values, Row)
    except msgspec.ValidationError as fault:
        field = str(fault).rpartition("$.")[2].rstrip("`")
        return RowFault(number, field, DETAILS[field])
    try:
        return _imported(number, row)
    except PriceBreaksInvalid as refusal:
        return RowFault(number, "breaks", refusal.detail)


def _imported(number: int, row: Row) -> ImportedRow:
    unit_price = price(minor_units(Decimal(row.unit_price), row.currency), row.currency)
    breaks = sorted_breaks(unit_price, _breaks(row))
    fields = {
        "sku": row.sku,
        "name": row.name,
        "description": row.description,
        "category": row.category,
        "unit_price": unit_price,
        "price_breaks": breaks,
    }
    return ImportedRow(number, row.sku, fields, int(row.stock) if row.stock else None)


def _breaks(row: Row) -> Iterator[PriceBreak]:
    for text in row.breaks.split(";") if row.breaks else ():
        match = _BREAK.fullmatch(text.strip())
        if match is None or int(match[1]) > 1_000_000:
            raise PriceBreaksInvalid(DETAILS["breaks"])
        amount = minor_units(Decimal(match[2]), row.currency)
        yield {"min_quantity": int(match[1]), "unit_price": price(amount, row.currency)}


def survey(text: TextIO, *, max_rows: int) -> dict[str, int]:
    """Return, by SKU, the last row it stands in; raise ImportUnreadable when the file as a whole cannot be used."""
    last: dict[str, int] = {}
    for rows, (number, cells) in enumerate(read_cells(text), start=1):
        if rows > max_rows:
            raise ImportUnreadable(f"Give at most {max_rows:,} rows; split the file.")
        if isinstance(cells, list):
            last[normal_sku(cells)] = number
    return last
