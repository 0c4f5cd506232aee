"""A product file as rows of named cells, and the file of the rows that were left out."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from typing import IO

import msgspec

from services.products.errors import ImportUnreadable
from services.products.files.rules import Number, Row
from services.products.formats.rules import FileFormat, MarkEvidence, format_of, open_rows
from services.products.rows.rules import COLUMNS, OPTIONAL, REQUIRED, Cells, ImportedRow, RowFault, is_a_row, parse_row
from shared.base.numbers import DecimalMark
from shared.base.skus import normal_sku
from shared.base.texts import with_line_feeds
from shared.observe.redaction import redact_text

# The column that the file of failed rows adds; it is ignored when the file is sent again.
REASON = "reason"
_LISTED_NAMES = 10
_BEAT_ROWS = 10_000
BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True)
class ImportOptions:
    """How a file is read (`point` or `comma`, empty: detected), and whether it is only checked."""

    decimal_mark: str = ""
    is_dry_run: bool = False


DEFAULT_OPTIONS = ImportOptions()


def shown_filename(filename: str) -> str:
    """Return the name that lists show of an uploaded file: without folders, control characters and card numbers."""
    name = re.split(r"[/\\]", filename)[-1]
    printable = "".join(sign for sign in name if sign.isprintable())
    return redact_text(printable)[-200:] or "products.csv"


@dataclass(frozen=True)
class ReadRow:
    """A row of the file: its cells by column, or why it has none; `raw` are its cells as the file has them."""

    number: int
    raw: list[str]
    cells: Cells
    fault: str = ""


class ProductRows:
    """
    The rows below the heading; empty rows, and rows of separators only, are left out.

    `mark` is what stands before decimals in cells of text; None until it is known. Raises ImportUnreadable when the
    heading is invalid, or, while it is iterated, when the file cannot be read on.
    """

    def __init__(self, file: IO[bytes], found: FileFormat, mark: DecimalMark | None = None) -> None:
        self._rows = open_rows(file, found, self._is_a_row)
        self._is_workbook = found.kind == "xlsx"
        self._mark = mark
        self.columns: list[str] = []
        self.columns = _columns(next((row for row in self._rows if _is_filled(row)), None))
        self._unused = {place for place, name in enumerate(self.columns) if name in ("", REASON)}

    def __iter__(self) -> Iterator[ReadRow]:
        for row in self._rows:
            cells = self._fitted(row.cells)
            if row.fault:
                yield ReadRow(row.number, self._used(cells), {}, row.fault)
            elif _is_filled(row):
                fault = self._fault_of(cells)
                yield ReadRow(row.number, self._used(cells), {} if fault else self._named(cells), fault)

    @property
    def data_columns(self) -> list[str]:
        """The names in the heading, without empty ones and the reasons of a file of failed rows."""
        return self._used(self.columns)

    def _fitted(self, cells: list[str]) -> list[str]:
        """Return the cells without empty ones beyond the heading; a workbook leaves empty cells at the end out."""
        width = len(self.columns)
        if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
            return cells[:width]
        return cells + [""] * (width - len(cells)) if self._is_workbook else cells

    def _fault_of(self, cells: Sequence[str]) -> str:
        if len(cells) != len(self.columns):
            return f"The row has {len(cells)} cells instead of {len(self.columns)}."
        if any(cells[place].strip() for place in self._unused if not self.columns[place]):
            return "A cell stands in a column without a heading."
        return ""

    def _named(self, cells: Sequence[str]) -> Cells:
        found = zip(self.columns, cells, strict=True)
        return {name: self._written(cell) for name, cell in found if name not in ("", REASON)}

    def _written(self, cell: str) -> str:
        """Return the trimmed text of a cell, a number with the decimal mark of the file's texts."""
        if isinstance(cell, Number):
            return cell if self._mark is None else cell.replace(DecimalMark.POINT, self._mark)
        return with_line_feeds(cell.strip())

    def _used(self, cells: Sequence[str]) -> list[str]:
        found = (cell for place, cell in enumerate(cells) if place not in self._unused)
        return [self._written(cell) if isinstance(cell, Number) else cell for cell in found]

    def _is_a_row(self, cells: Sequence[str]) -> bool:
        """Return whether a line inside a quoted cell is a row by itself, so that the quote was left open."""
        return len(cells) == len(self.columns) and is_a_row(self._named(cells))


def _is_filled(row: Row) -> bool:
    return bool(row.fault) or any(cell.strip() for cell in row.cells)


def _columns(heading: Row | None) -> list[str]:
    if heading is None:
        raise ImportUnreadable("The file is empty.")
    if heading.fault:
        raise ImportUnreadable(f"The first row must be a heading such as {','.join(COLUMNS)}.")
    names = [name.strip().lower() for name in heading.cells]
    while names and not names[-1]:
        names.pop()
    known = {*COLUMNS, REASON}
    missing = [column for column in REQUIRED if column not in names]
    unknown = [name[:40] for name in names if name and name not in known][:_LISTED_NAMES]
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
    """What the first pass over a file finds: its format, how many rows it has, and the last valid row of each SKU."""

    found: FileFormat
    columns: list[str]
    rows: int
    last: dict[str, int]
    """A SKU of which no row is valid may be absent."""

    @property
    def mark(self) -> DecimalMark:
        return DecimalMark[self.found.decimal_mark.upper()]


def check_file(file: IO[bytes], decimal_mark: str, *, max_rows: int, beat: Callable[[], None]) -> CheckedFile:
    """
    Read the whole file and return what it holds; raise ImportUnreadable when it is invalid as a whole.

    `decimal_mark` is `point` or `comma`; empty: it is detected. `beat` is called every ten thousand rows.
    """
    found = format_of(file)
    rows = ProductRows(file, found)
    evidence = MarkEvidence()
    last: dict[str, int] = {}
    repeated: set[str] = set()
    count = 0
    for count, row in enumerate(rows, start=1):
        if count > max_rows:
            raise ImportUnreadable(f"Give at most {max_rows:,} rows; split the file.")
        if row.cells:
            sku = normal_sku(row.cells["sku"])
            if sku in last:
                repeated.add(sku)
            last[sku] = row.number
            evidence.add(row.cells)
        if count % _BEAT_ROWS == 0:
            beat()
    mark = decimal_mark or evidence.mark(found).name.lower()
    checked = CheckedFile(msgspec.structs.replace(found, decimal_mark=mark), rows.data_columns, count, last)
    return _with_last_valid(file, checked, repeated, beat) if repeated else checked


def _with_last_valid(
    file: IO[bytes], checked: CheckedFile, repeated: Set[str], beat: Callable[[], None]
) -> CheckedFile:
    """
    Return the result with the last valid row of each repeated SKU: a faulty row replaces none.

    It takes the file a second time, because whether a row is valid depends on the decimal mark of the whole file.
    """
    last = {sku: row for sku, row in checked.last.items() if sku not in repeated}
    for count, row in enumerate(ProductRows(file, checked.found, checked.mark), start=1):
        sku = normal_sku(row.cells["sku"]) if row.cells else ""
        if sku in repeated and isinstance(parse_row(row.number, row.cells, checked.mark), ImportedRow):
            last[sku] = row.number
        if count % _BEAT_ROWS == 0:
            beat()
    return replace(checked, last=last)


def failed_rows_heading(columns: Sequence[str], mark: DecimalMark) -> bytes:
    """Return the first line of a file of failed rows; the byte order mark has a spreadsheet read it as UTF-8."""
    return (BYTE_ORDER_MARK + _csv_lines([[REASON, *columns]], mark)).encode()


def failed_rows(faults: Iterable[RowFault], raw: dict[int, list[str]], mark: DecimalMark) -> bytes:
    """Return the lines of the rows that have faults: the reasons, and the cells as the file has them."""
    reasons: dict[int, list[str]] = {}
    for fault in faults:
        reasons.setdefault(fault.row, []).append(f"{fault.field}: {fault.detail}" if fault.field else fault.detail)
    lines = ([" ".join(reasons[number]), *raw[number]] for number in sorted(reasons))
    return _csv_lines(lines, mark).encode(errors="replace")


def _csv_lines(rows: Iterable[Sequence[str]], mark: DecimalMark) -> str:
    """Return CSV with the separator that goes with the decimal mark, so that the file is read as it was written."""
    text = io.StringIO()
    separator = ";" if mark is DecimalMark.COMMA else ","
    csv.writer(text, lineterminator="\r\n", delimiter=separator).writerows(rows)
    return text.getvalue()
