"""A product file as rows of named cells, and the file of the rows that were left out."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TextIO

from services.products.errors import ImportUnreadable
from services.products.files.rules import CsvRows, Row
from services.products.rows.rules import COLUMNS, OPTIONAL, REQUIRED, Cells, RowFault, is_a_row
from shared.base.skus import normal_sku
from shared.base.texts import with_line_feeds

# The column that the file of failed rows adds; it is ignored when the file is sent again.
REASON = "reason"
_LISTED_NAMES = 10
_BEAT_ROWS = 10_000
BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True)
class ReadRow:
    """A row of the file: its cells by column, or why it has none; `raw` are its cells as the file has them."""

    number: int
    raw: list[str]
    cells: Cells
    fault: str = ""


class ProductRows:
    """
    The rows below the heading; empty rows are left out.

    Raises ImportUnreadable when the heading is invalid, or, while it is iterated, when the text is not UTF-8.
    """

    def __init__(self, text: TextIO) -> None:
        self._rows = CsvRows(text, self._is_a_row)
        self._number = 1
        self.columns: list[str] = []
        try:
            heading = next(self._rows, Row(1, []))
        except UnicodeDecodeError as fault:
            raise self._not_utf8() from fault
        self.columns = _columns(heading)

    def __iter__(self) -> Iterator[ReadRow]:
        try:
            for row in self._rows:
                self._number = row.number
                if row.fault:
                    yield ReadRow(row.number, self._without_reason(row.cells), {}, row.fault)
                elif len(row.cells) == len(self.columns):
                    yield ReadRow(row.number, self._without_reason(row.cells), self._named(row.cells))
                elif row.cells:
                    fault = f"The row has {len(row.cells)} cells instead of {len(self.columns)}."
                    yield ReadRow(row.number, self._without_reason(row.cells), {}, fault)
        except UnicodeDecodeError as fault:
            raise self._not_utf8() from fault

    @property
    def data_columns(self) -> list[str]:
        """The names in the heading, without the reasons of a file of failed rows."""
        return [name for name in self.columns if name != REASON]

    def _named(self, cells: Sequence[str]) -> Cells:
        return {
            name: with_line_feeds(cell.strip())
            for name, cell in zip(self.columns, cells, strict=True)
            if name != REASON
        }

    def _without_reason(self, cells: Sequence[str]) -> list[str]:
        return [cell for place, cell in enumerate(cells) if self.columns[place : place + 1] != [REASON]]

    def _is_a_row(self, cells: Sequence[str]) -> bool:
        """Return whether a line inside a quoted cell is a row by itself, so that the quote was left open."""
        return len(cells) == len(self.columns) and is_a_row(self._named(cells))

    def _not_utf8(self) -> ImportUnreadable:
        return ImportUnreadable(f"Save the file as CSV in UTF-8; it is not, after row {self._number}.")


def _columns(heading: Row) -> list[str]:
    if heading.fault:
        raise ImportUnreadable(f"The first row must be a heading such as {','.join(COLUMNS)}.")
    names = [name.strip().lower() for name in heading.cells]
    if len(names) == 1 and any(separator in names[0] for separator in ";\t|"):
        raise ImportUnreadable("Separate the columns by commas.")
    known = {*COLUMNS, REASON}
    missing = [column for column in REQUIRED if column not in names]
    unknown = [name[:40] for name in names if name not in known][:_LISTED_NAMES]
    repeated = sorted({name for name in names if name in known and names.count(name) > 1})
    problems = (("missing", missing), ("unknown", unknown), ("repeated", repeated))
    found = "; ".join(f"{word}: {', '.join(columns)}" for word, columns in problems if columns)
    if found:
        raise ImportUnreadable(
            f"The first row must be a heading with the columns {','.join(REQUIRED)}, and any of"
            f" {','.join(OPTIONAL)} ({found})."
        )
    return names


@dataclass(frozen=True)
class CheckedFile:
    """What the first pass over a file finds: how many rows it has, and the last row of each SKU."""

    columns: list[str]
    rows: int
    last: dict[str, int]


def check_file(rows: ProductRows, *, max_rows: int, beat: Callable[[], None]) -> CheckedFile:
    """
    Read the whole file and return what it holds; raise ImportUnreadable when it is invalid as a whole.

    `beat` is called every ten thousand rows.
    """
    last: dict[str, int] = {}
    count = 0
    for count, row in enumerate(rows, start=1):
        if count > max_rows:
            raise ImportUnreadable(f"Give at most {max_rows:,} rows; split the file.")
        if row.cells:
            last[normal_sku(row.cells["sku"])] = row.number
        if count % _BEAT_ROWS == 0:
            beat()
    return CheckedFile(rows.data_columns, count, last)


def failed_rows_heading(columns: Sequence[str]) -> bytes:
    """Return the first line of a file of failed rows; the byte order mark has a spreadsheet read it as UTF-8."""
    return (BYTE_ORDER_MARK + _csv_lines([[REASON, *columns]])).encode()


def failed_rows(faults: Iterable[RowFault], raw: dict[int, list[str]]) -> bytes:
    """Return the lines of the rows that have faults: the reasons, and the cells as the file has them."""
    reasons: dict[int, list[str]] = {}
    for fault in faults:
        reasons.setdefault(fault.row, []).append(f"{fault.field}: {fault.detail}" if fault.field else fault.detail)
    return _csv_lines([" ".join(reasons[number]), *raw[number]] for number in sorted(reasons)).encode(errors="replace")


def _csv_lines(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()
