"""The columns of a product file, the values of a row's cells, and every fault of a row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from services.products.catalog.rules import MAX_BREAK_QUANTITY, TEXTS, ProductPatch, TextLimit, price, sorted_breaks
from services.products.errors import PriceBreaksInvalid
from shared.base import card_numbers
from shared.base.card_numbers import holds_card_number
from shared.base.money import CURRENCY_ADVICE, is_currency, minor_units
from shared.base.numbers import DecimalMark, read_decimal, read_whole
from shared.base.skus import fault_of_new_sku, is_sku, normal_sku
from shared.base.texts import LINE_CHARACTER, TEXT_CHARACTER
from shared.events.catalog.products import Price, PriceBreak

_MOST_MAJOR_UNITS = 999_999_999
_MOST_STOCK = 999_999_999
_LONGEST_BREAKS = 2_000
_ANY_CURRENCY = "GBP"

Cells = dict[str, str]
# What is wrong with a trimmed cell, None when nothing is.
CellCheck = Callable[[str, DecimalMark], str | None]


@dataclass(frozen=True)
class Column:
    """A column of the file and the check of its cells."""

    fault_of: CellCheck
    is_required: bool = False


class RowFault(msgspec.Struct, frozen=True):
    """
    A fault of a row, which is left out, or a notice about one.

    `row` is its number in a spreadsheet: the heading is 1. 0 is a fault of the whole file, which has no number.
    """

    row: int
    field: str
    detail: str
    is_notice: bool = False

    @property
    def number(self) -> int | None:
        return self.row or None

    @property
    def kind(self) -> str:
        return "notice" if self.is_notice else "fault"


@dataclass(frozen=True)
class ImportedRow:
    """A valid row: the product's fields that the file has, and whether and how it sets the units on hand."""

    row: int
    sku: str
    patch: ProductPatch
    stock: int | msgspec.UnsetType | None
    """The units on hand; None: not stocked; UNSET: the file has no such column, and the stock stays as it is."""


def _text_column(limit: TextLimit) -> Column:
    least = 1 if limit.is_required else 0
    length = f"1 to {limit.max_length:,}" if limit.is_required else f"at most {limit.max_length:,}"
    character = TEXT_CHARACTER if limit.is_multiline else LINE_CHARACTER
    unwanted = "control characters" if limit.is_multiline else "line breaks and control characters"
    advice = f"Give {length} characters without {unwanted}."
    pattern = re.compile(f"{character}{{{least},{limit.max_length}}}")

    def fault_of(cell: str, _: DecimalMark) -> str | None:
        if pattern.fullmatch(cell) is None:
            return advice
        return card_numbers.REFUSAL if holds_card_number(cell, are_gtins_allowed=True) else None

    return Column(fault_of, limit.is_required)


def _fault_of_sku(cell: str, _: DecimalMark) -> str | None:
    return fault_of_new_sku(cell)


def _fault_of_currency(cell: str, _: DecimalMark) -> str | None:
    return None if is_currency(cell) else CURRENCY_ADVICE


def _fault_of_price(cell: str, mark: DecimalMark) -> str | None:
    if _major_units(cell, mark) is not None:
        return None
    if mark is DecimalMark.COMMA:
        return (
            "Give major units such as 2,55 or 1.234,50, with at most four decimals; a point only separates thousands."
        )
    return "Give major units such as 2.55 or 1,234.50, with at most four decimals; a comma only separates thousands."


def _fault_of_stock(cell: str, mark: DecimalMark) -> str | None:
    if not cell or _units(cell, mark) is not None:
        return None
    return "Give a whole number of units, 0 or more; an empty cell means not stocked."


def _fault_of_breaks(cell: str, mark: DecimalMark) -> str | None:
    if len(cell) <= _LONGEST_BREAKS and all(step is not None for step in _read_breaks(cell, mark)):
        return None
    return f"Give minimum quantity and price in major units, such as 12:2{mark}10;48:1{mark}95."


# In the order in which faults are reported. The file may have them in any order; the required ones must be there.
COLUMNS = {
    "sku": Column(_fault_of_sku, is_required=True),
    **{name: _text_column(limit) for name, limit in TEXTS.items()},
    "unit_price": Column(_fault_of_price, is_required=True),
    "currency": Column(_fault_of_currency, is_required=True),
    "stock": Column(_fault_of_stock),
    "breaks": Column(_fault_of_breaks),
}
REQUIRED = tuple(name for name, column in COLUMNS.items() if column.is_required)
OPTIONAL = tuple(name for name in COLUMNS if name not in REQUIRED)


def upper_currency(cell: str) -> str:
    """Return a currency's code in upper case; only ASCII letters change, as in a SKU."""
    code = cell.strip()
    return code.upper() if code.isascii() else code


def is_a_row(cells: Cells) -> bool:
    """Return whether these cells are surely a row of a product file: a SKU and a currency stand at their places."""
    return is_sku(normal_sku(cells["sku"])) and is_currency(upper_currency(cells["currency"]))


def parse_row(number: int, cells: Cells, mark: DecimalMark = DecimalMark.POINT) -> ImportedRow | list[RowFault]:
    """Return the row's values as they are stored, or all its faults in the order of COLUMNS."""
    row = {**cells, "sku": normal_sku(cells["sku"]), "currency": upper_currency(cells["currency"])}
    faults = {name: fault for name in COLUMNS if name in row and (fault := COLUMNS[name].fault_of(row[name], mark))}
    currency = _ANY_CURRENCY if "currency" in faults else row["currency"]
    unit_price = _price(_major_units(row["unit_price"], mark) or Decimal(0), currency)
    breaks: Sequence[PriceBreak] = []
    if "breaks" in row and "breaks" not in faults:
        try:
            breaks = sorted_breaks(unit_price, _breaks(row["breaks"], currency, mark))
        except PriceBreaksInvalid as refusal:
            faults["breaks"] = refusal.detail
    if faults:
        return [RowFault(number, name, detail) for name, detail in faults.items()]
    texts = {name: row[name] for name in TEXTS if name in row}
    with_breaks = {"price_breaks": breaks} if "breaks" in row else {}
    patch = ProductPatch(sku=row["sku"], **texts, unit_price=unit_price, **with_breaks)
    return ImportedRow(number, row["sku"], patch, _stock(row.get("stock"), mark))


def _stock(cell: str | None, mark: DecimalMark) -> int | msgspec.UnsetType | None:
    if cell is None:
        return msgspec.UNSET
    return _units(cell, mark) if cell else None


def _units(cell: str, mark: DecimalMark) -> int | None:
    number = read_whole(cell, mark=mark)
    return None if number is None or number > _MOST_STOCK else number


def _major_units(cell: str, mark: DecimalMark) -> Decimal | None:
    number = read_decimal(cell, mark=mark)
    if number is None or number > _MOST_MAJOR_UNITS or -int(number.as_tuple().exponent) > 4:
        return None
    return number


def _price(major: Decimal, currency: str) -> Price:
    return price(minor_units(major, currency), currency)


def _read_breaks(cell: str, mark: DecimalMark) -> Iterator[tuple[int, Decimal] | None]:
    """Yield each break's quantity and price in major units, None for one that cannot be read."""
    for text in cell.split(";") if cell else ():
        units, _, major = text.partition(":")
        quantity, number = read_whole(units.strip(), mark=mark), _major_units(major.strip(), mark)
        is_valid = quantity is not None and number is not None and 1 <= quantity <= MAX_BREAK_QUANTITY
        yield (quantity, number) if is_valid and quantity is not None and number is not None else None


def _breaks(cell: str, currency: str, mark: DecimalMark) -> Iterator[PriceBreak]:
    for step in _read_breaks(cell, mark):
        if step is not None:
            yield PriceBreak(step[0], _price(step[1], currency))
