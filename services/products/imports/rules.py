"""The import file: its columns, its rows and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TextIO

import msgspec

from services.products.catalog.rules import MAX_BREAK_QUANTITY, TEXTS, ProductPatch, TextLimit, price, sorted_breaks
from services.products.errors import ImportUnreadable, PriceBreaksInvalid
from services.products.files.rules import CsvRows, Row
from shared.base.money import CURRENCY_ADVICE, is_currency, minor_units
from shared.base.numbers import read_decimal, read_whole
from shared.base.skus import SKU_ADVICE, fault_of_new_sku, is_sku, normal_sku
from shared.base.texts import LINE_CHARACTER, TEXT_CHARACTER, with_line_feeds
from shared.events.catalog.products import Price, PriceBreak

_MOST_MAJOR_UNITS = 999_999_999
_MOST_STOCK = 999_999_999
_PRICE_ADVICE = (
    "Give major units such as 2.55 or 1,234.50, with at most four decimals; a comma only separates thousands."
)
_STOCK_ADVICE = "Give a whole number of units, 0 or more; an empty cell means not stocked."

Cells = dict[str, str]


@dataclass(frozen=True)
class Column:
    """A column of the file: the pattern of its trimmed cells, and the advice for a cell that does not match."""

    pattern: str
    advice: str
    is_required: bool = False
    fault_of: Callable[[str], str | None] | None = None
    """What is wrong with a cell that matches; None: nothing can be."""


def _text_column(limit: TextLimit) -> Column:
    least = 1 if limit.is_required else 0
    length = f"1 to {limit.max_length:,}" if limit.is_required else f"at most {limit.max_length:,}"
    character = TEXT_CHARACTER if limit.is_multiline else LINE_CHARACTER
    unwanted = "control characters" if limit.is_multiline else "line breaks and control characters"
    advice = f"Give {length} characters without {unwanted}."
    return Column(f"{character}{{{least},{limit.max_length}}}", advice, limit.is_required)


def _fault_of_price(cell: str) -> str | None:
    return _PRICE_ADVICE if _major_units(cell) is None else None


def _fault_of_stock(cell: str) -> str | None:
    return _STOCK_ADVICE if cell and _units(cell) is None else None


def _fault_of_currency(code: str) -> str | None:
    return None if is_currency(code) else CURRENCY_ADVICE


# In the order in which faults are reported. The file may have them in any order; the required ones must be there.
COLUMNS = {
    "sku": Column(r"[\s\S]*", SKU_ADVICE, is_required=True, fault_of=fault_of_new_sku),
    **{name: _text_column(limit) for name, limit in TEXTS.items()},
    "unit_price": Column(r".{1,40}", _PRICE_ADVICE, is_required=True, fault_of=_fault_of_price),
    "currency": Column(r"[A-Z]{3}", CURRENCY_ADVICE, is_required=True, fault_of=_fault_of_currency),
    "stock": Column(r".{0,40}", _STOCK_ADVICE, fault_of=_fault_of_stock),
    "breaks": Column(r"[\s\S]{0,2000}", "Give minimum quantity and price in major units, such as 12:2.10;48:1.95."),
}
REQUIRED = tuple(name for name, column in COLUMNS.items() if column.is_required)
_PATTERNS = {name: re.compile(column.pattern) for name, column in COLUMNS.items()}


class RowFault(msgspec.Struct, frozen=True):
    """A fault or a note of a row; `row` is its number in a spreadsheet: the heading is 1, 0 is the file."""

    row: int
    field: str
    detail: str


@dataclass(frozen=True)
class ImportedRow:
    """A valid row: the product's fields that the file has, and whether and how it sets the units on hand."""

    row: int
    sku: str
    patch: ProductPatch
    stock: int | msgspec.UnsetType | None
    """The units on hand; None: not stocked; UNSET: the file has no such column, and the stock stays as it is."""


def read_rows(text: TextIO) -> Iterator[tuple[int, Cells | RowFault]]:
    """
    Yield each row's number and its cells by column, or its fault; empty rows are left out.

    Raises ImportUnreadable when the heading is invalid, or the text is not UTF-8.
    """
    columns: list[str] = []
    rows = CsvRows(text, lambda cells: _is_a_row(columns, cells))
    number = 1
    try:
        columns += _columns(next(rows, Row(1, [])))
        for row in rows:
            number = row.number
            if row.fault:
                yield number, RowFault(number, "", row.fault)
            elif len(row.cells) == len(columns):
                cells = (with_line_feeds(cell.strip()) for cell in row.cells)
                yield number, dict(zip(columns, cells, strict=True))
            elif row.cells:
                yield number, RowFault(number, "", f"The row has {len(row.cells)} cells instead of {len(columns)}.")
    except UnicodeDecodeError as fault:
        raise ImportUnreadable(f"Save the file as CSV in UTF-8; it is not, after row {number}.") from fault


def _is_a_row(columns: Sequence[str], cells: Sequence[str]) -> bool:
    """Return whether a line inside a quoted cell is a row by itself, so that the quote was left open."""
    if len(cells) != len(columns):
        return False
    row = dict(zip(columns, cells, strict=True))
    return is_sku(normal_sku(row["sku"])) and is_currency(_upper(row["currency"]))


def _columns(heading: Row) -> list[str]:
    if heading.fault:
        raise ImportUnreadable(f"The first row must be a heading such as {','.join(COLUMNS)}.")
    names = [name.strip().lower() for name in heading.cells]
    if len(names) == 1 and any(separator in names[0] for separator in ";\t|"):
        raise ImportUnreadable("Separate the columns by commas.")
    missing = [column for column in REQUIRED if column not in names]
    unknown = [name[:40] for name in names if name not in COLUMNS][:10]
    repeated = sorted({name for name in names if name in COLUMNS and names.count(name) > 1})
    problems = (("missing", missing), ("unknown", unknown), ("repeated", repeated))
    found = "; ".join(f"{word}: {', '.join(columns)}" for word, columns in problems if columns)
    if found:
        raise ImportUnreadable(
            f"The first row must be a heading with the columns {','.join(REQUIRED)}, and any of"
            f" {','.join(name for name in COLUMNS if name not in REQUIRED)} ({found})."
        )
    return names


def _upper(currency: str) -> str:
    return currency.strip().upper() if currency.isascii() else currency


def parse_row(number: int, cells: Cells) -> ImportedRow | RowFault:
    """Return the row's values as they are stored, or its first fault."""
    row = {**cells, "sku": normal_sku(cells["sku"]), "currency": _upper(cells["currency"])}
    for name in COLUMNS:
        fault = _fault_of(name, row[name]) if name in row else None
        if fault is not None:
            return RowFault(number, name, fault)
    unit_price = _price(_major_units(row["unit_price"]), row["currency"])
    texts = {name: row[name] for name in TEXTS if name in row}
    try:
        breaks = {"price_breaks": sorted_breaks(unit_price, _breaks(row))} if "breaks" in row else {}
    except PriceBreaksInvalid as refusal:
        return RowFault(number, "breaks", refusal.detail)
    patch = ProductPatch(sku=row["sku"], **texts, unit_price=unit_price, **breaks)
    return ImportedRow(number, row["sku"], patch, _stock(row.get("stock")))


def _fault_of(name: str, cell: str) -> str | None:
    column = COLUMNS[name]
    if not _PATTERNS[name].fullmatch(cell):
        return column.advice
    return column.fault_of(cell) if column.fault_of is not None else None


def _stock(cell: str | None) -> int | msgspec.UnsetType | None:
    if cell is None:
        return msgspec.UNSET
    return _units(cell) if cell else None


def _units(cell: str) -> int | None:
    number = read_whole(cell)
    return None if number is None or number > _MOST_STOCK else number


def _major_units(cell: str) -> Decimal | None:
    number = read_decimal(cell)
    if number is None or number > _MOST_MAJOR_UNITS or -int(number.as_tuple().exponent) > 4:
        return None
    return number


def _price(major: Decimal | None, currency: str) -> Price:
    return price(minor_units(major or Decimal(0), currency), currency)


def _breaks(row: Cells) -> Iterator[PriceBreak]:
    for text in row["breaks"].split(";") if row["breaks"] else ():
        units, _, major = text.partition(":")
        quantity, number = read_whole(units.strip()), _major_units(major.strip())
        if quantity is None or number is None or not 1 <= quantity <= MAX_BREAK_QUANTITY:
            raise PriceBreaksInvalid(COLUMNS["breaks"].advice)
        yield PriceBreak(quantity, _price(number, row["currency"]))


def last_rows(text: TextIO, *, max_rows: int) -> dict[str, int]:
    """Return the number of the last row of each SKU; raise ImportUnreadable when the file as a whole is invalid."""
    last: dict[str, int] = {}
    for rows, (number, cells) in enumerate(read_rows(text), start=1):
        if rows > max_rows:
            raise ImportUnreadable(f"Give at most {max_rows:,} rows; split the file.")
        if not isinstance(cells, RowFault):
            last[normal_sku(cells["sku"])] = number
    return last
