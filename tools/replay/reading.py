"""Rows of a trade file, read from CSV or CSV.xz and checked one by one."""

from __future__ import annotations

import csv
import io
import lzma
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path

from tools.replay.skus import UnusableCode, sku_of

COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID")
# The published workbook writes ISO dates; spreadsheets that re-saved it write American ones.
DATE_FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%m/%d/%Y %H:%M", "%m/%d/%Y")


class UnreadableFile(Exception):
    """The file is not a trade file at all; the message names what is missing."""


@dataclass(frozen=True, slots=True)
class TradeRow:
    """
    One invoice line of the file.

    `line` counts from 1 with the heading, `unit_price` is in major units, `customer` is empty for counter sales.
    """

    line: int
    invoice: str
    sku: str
    description: str
    quantity: int
    traded_on: date
    unit_price: Decimal
    customer: str

    @property
    def is_return(self) -> bool:
        return self.invoice.startswith("C")

    @property
    def is_order(self) -> bool:
        return self.invoice.isascii() and self.invoice.isdigit()


@dataclass(frozen=True, slots=True)
class UnreadableRow:
    """A row that holds no trade: which line, what it said, and why it cannot be read."""

    line: int
    invoice: str
    code: str
    reason: str


Row = TradeRow | UnreadableRow


def read_rows(path: Path) -> Iterator[Row]:
    """Yield every row of the file in file order; raises UnreadableFile when it is no trade file."""
    try:
        content = path.read_bytes()
        if path.suffix == ".xz":
            content = lzma.decompress(content)
    except (OSError, lzma.LZMAError, EOFError) as cause:
        raise UnreadableFile(f"{path} cannot be read: {cause}") from cause
    yield from parse_rows(io.StringIO(_decoded(content), newline=""))


def parse_rows(lines: Iterable[str]) -> Iterator[Row]:
    """Yield a TradeRow or an UnreadableRow for each CSV record."""
    reader = csv.DictReader(lines)
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise UnreadableFile(f"The file has no column {', '.join(missing)}")
    for number, record in enumerate(reader, start=2):
        yield _row(number, record)


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _row(line: int, record: dict[str, str | None]) -> Row:
    invoice, code = _text(record, "InvoiceNo").upper(), _text(record, "StockCode")
    try:
        if not invoice:
            raise ValueError("no invoice number")
        return TradeRow(
            line=line,
            invoice=invoice,
            sku=sku_of(code),
            description=_text(record, "Description"),
            quantity=_quantity(_text(record, "Quantity")),
            traded_on=_traded_on(_text(record, "InvoiceDate")),
            unit_price=_price(_text(record, "UnitPrice")),
            customer=_text(record, "CustomerID").removesuffix(".0"),
        )
    except (ValueError, UnusableCode) as cause:
        return UnreadableRow(line, invoice, code, f"unreadable: {cause}")


def _text(record: dict[str, str | None], column: str) -> str:
    return " ".join((record.get(column) or "").split())


def _quantity(text: str) -> int:
    number = _decimal(text, "quantity")
    if number != number.to_integral_value():
        raise ValueError(f"quantity {text!r} is no whole number")
    return int(number)


def _price(text: str) -> Decimal:
    return _decimal(text, "unit price")


def _decimal(text: str, what: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation as cause:
        raise ValueError(f"{what} {text!r} is no number") from cause
    if not number.is_finite():
        raise ValueError(f"{what} {text!r} is no number")
    return number


@lru_cache(maxsize=4096)
def _traded_on(text: str) -> date:
    for form in DATE_FORMATS:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - the file's wall clock has no zone
        except ValueError:
            continue
    raise ValueError(f"date {text!r} is in none of the known forms")
