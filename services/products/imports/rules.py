"""The import file: its columns, its rows and what is wrong with them."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TextIO

import msgspec

from services.products.catalog.rules import MAX_BREAK_QUANTITY, TEXTS, ProductPatch, TextLimit, price, sorted_breaks
from services.products.errors import ImportUnreadable, PriceBreaksInvalid
from shared.base.money import CURRENCY_ADVICE, is_currency, minor_units
from shared.base.numbers import read_decimal, read_whole
from shared.events.catalog.products import Price, PriceBreak

LONGEST_LINE = 100_000
_PRINTABLE = r"[^\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]"
_MOST_MAJOR_UNITS = 999_999_999
_MOST_STOCK = 999_999_999

Cells = dict[str, str]


@dataclass(frozen=True)
class Column:
    """A column of the file: the pattern of its trimmed cells, and the advice for a cell that does not match."""

    pattern: str
    advice: str
    is_required: bool = False
    is_known: Callable[[str], bool] | None = None
    """Whether a cell that matches has a value, such as one of a list; None: each cell that matches has one."""


def _text_column(limit: TextLimit) -> Column:
    least = 1 if limit.is_required else 0
    length = f"1 to {limit.max_length:,}" if limit.is_required else f"at most {limit.max_length:,}"
    advice = f"Give {length} characters without control characters."
    return Column(f"{_PRINTABLE}{{{least},{limit.max_length}}}", advice, limit.is_required)


# In the order in which faults are reported. The file may have them in any order; the required ones must be there.
COLUMNS = {
    "sku": Column(
        r"[A-Z0-9][A-Z0-9 ._/-]{0,63}",
        "Use letters, digits, space, '.', '_', '/' and '-', 1 to 64 of them, beginning with a letter or digit.",
        is_required=True,
    ),
    **{name: _text_column(limit) for name, limit in TEXTS.items()},
    "unit_price": Column(
        r".{1,40}",
        "Give major units such as 2.55 or 1,234.50, with at most four decimals; a comma only separates thousands.",
        is_required=True,
        is_known=lambda cell: _major_units(cell) is not None,
    ),
    "currency": Column(r"[A-Z]{3}", CURRENCY_ADVICE, is_required=True, is_known=is_currency),
    "stock": Column(
        r".{0,40}",
        "Give a whole number of units, 0 or more; an empty cell means not stocked.",
        is_known=lambda cell: not cell or _units(cell) is not None,
    ),
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


class LineTooLong(Exception):
    """A line beyond LONGEST_LINE; the rest of the line was skipped."""


class _Lines:
    """The lines of a text, each of bounded length; after LineTooLong the next line follows."""

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


def read_rows(text: TextIO) -> Iterator[tuple[int, Cells | RowFault]]:
    """
    Yield each row's number and its cells by column, or its fault; empty rows are left out.

    Raises ImportUnreadable when the heading is invalid, or the text is not UTF-8.
    """
    reader = csv.reader(_Lines(text), strict=True)
    number = 1
    try:
        columns = _columns(next(reader, []))
        while True:
            number += 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except (csv.Error, LineTooLong) as fault:
                yield number, RowFault(number, "", f"The row cannot be read: {str(fault) or 'it is too long'}.")
                continue
            if len(cells) == len(columns):
                yield number, dict(zip(columns, map(str.strip, cells), strict=True))
            elif cells:
                yield number, RowFault(number, "", f"The row has {len(cells)} cells instead of {len(columns)}.")
    except UnicodeDecodeError as fault:
        raise ImportUnreadable(f"Save the file as CSV in UTF-8; it is not, after row {number - 1}.") from fault
    except (csv.Error, LineTooLong) as fault:
        raise ImportUnreadable(f"The first row must be a heading such as {','.join(COLUMNS)}.") from fault


def _columns(heading: Sequence[str]) -> list[str]:
    names = [name.strip().lower() for name in heading]
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


def normal_sku(cells: Cells) -> str:
    """Return the SKU of a row as it is stored."""
    return cells["sku"].upper()


def parse_row(number: int, cells: Cells) -> ImportedRow | RowFault:
    """Return the row's values as they are stored, or its first fault."""
    row = {**cells, "sku": normal_sku(cells), "currency": cells["currency"].upper()}
    for name, column in COLUMNS.items():
        if name in row and not _accepts(name, row[name]):
            return RowFault(number, name, column.advice)
    unit_price = _price(_major_units(row["unit_price"]), row["currency"])
    texts = {name: row[name] for name in TEXTS if name in row}
    try:
        breaks = {"price_breaks": sorted_breaks(unit_price, _breaks(row))} if "breaks" in row else {}
    except PriceBreaksInvalid as refusal:
        return RowFault(number, "breaks", refusal.detail)
    patch = ProductPatch(sku=row["sku"], **texts, unit_price=unit_price, **breaks)
    return ImportedRow(number, row["sku"], patch, _stock(row.get("stock")))


def _accepts(name: str, cell: str) -> bool:
    is_known = COLUMNS[name].is_known
    return bool(_PATTERNS[name].fullmatch(cell)) and (is_known is None or is_known(cell))


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
            last[normal_sku(cells)] = number
    return last
