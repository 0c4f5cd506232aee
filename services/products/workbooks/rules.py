"""The rows of an XLSX workbook, read piece by piece; a workbook that would grow beyond bounds is refused unread."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import IO, Any
from xml.etree.ElementTree import ParseError

from services.products.errors import ImportUnreadable
from services.products.files.rules import Number, Row

MOST_COLUMNS = 100
MOST_ROWS = 1_048_576
MIB = 1024 * 1024
# Unpacked sizes. Sheets are read row by row; the other parts are held in memory.
LARGEST_SHEET = 512 * MIB
LARGEST_STRINGS = 64 * MIB
LARGEST_PART = 8 * MIB
LARGEST_ROW = 4 * MIB
_PIECE = MIB
_ROW_END = re.compile(rb"</(?:[A-Za-z0-9]+:)?row>")
_ROW_NUMBER = re.compile(rb"<(?:[A-Za-z0-9]+:)?row\s[^>]{0,200}?\br=[\"'](\d+)[\"']")
_LEADING_ZEROS = re.compile(r"0{2,30}")
_SAVE_AGAIN = "Save it again as XLSX, or as CSV."
# What openpyxl and zipfile raise for files that are damaged or made to do harm.
_UNREADABLE = (
    zipfile.BadZipFile, zlib.error, ParseError, KeyError, IndexError, ValueError, TypeError,
    AttributeError, EOFError, NotImplementedError, RuntimeError, OverflowError,
)  # fmt: skip


class Workbook:
    """The first visible sheet of a workbook; `sheet` is its name."""

    def __init__(self, file: IO[bytes]) -> None:
        """Check the sizes of all parts and open the workbook; raise ImportUnreadable."""
        # Imported here: only workbooks need it, and it takes 17 MiB and half a second.
        from openpyxl import load_workbook

        try:
            with zipfile.ZipFile(file) as archive:
                _check_sizes(archive)
            book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
            sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
            self._sheet: Any = (sheets or book.worksheets)[0]
        except _UNREADABLE as fault:
            raise _unreadable() from fault
        except OSError as fault:
            if fault.errno is not None:
                raise
            raise _unreadable() from fault  # openpyxl's error for a ZIP file without a workbook has no number
        self._sheet.reset_dimensions()
        self.sheet = str(self._sheet.title)[:100]

    def __iter__(self) -> Iterator[Row]:
        try:
            for number, cells in enumerate(self._sheet.iter_rows(max_col=MOST_COLUMNS), start=1):
                if number > MOST_ROWS:
                    raise _too_many_rows()
                yield Row(number, _without_empty_end(map(_text, cells)))
        except _UNREADABLE as fault:
            raise _unreadable() from fault


def _unreadable() -> ImportUnreadable:
    return ImportUnreadable(f"The workbook is damaged or not of the kind XLSX. {_SAVE_AGAIN}")


def _check_sizes(archive: zipfile.ZipFile) -> None:
    """
    Raise ImportUnreadable when a part is larger unpacked than a workbook of products can be.

    Parts of every name are checked: a workbook names its sheets and texts as it likes.
    """
    for part in archive.infolist():
        name = part.filename.lower()
        is_sheet, is_strings = "/worksheets/" in name, name.endswith("sharedstrings.xml")
        largest = LARGEST_SHEET if is_sheet else LARGEST_STRINGS if is_strings else LARGEST_PART
        if part.file_size > largest:
            raise ImportUnreadable(
                f"The workbook is too large: {part.filename[:80]} unpacks to {part.file_size:,} bytes."
            )
        if is_sheet:
            _check_rows(archive, part)


def _check_rows(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Raise ImportUnreadable for a row that would fill the memory, or lies so deep that a million come before it."""
    since_row_end, end = 0, b""
    with archive.open(part) as unpacked:
        while piece := unpacked.read(_PIECE):
            _check_numbers(end + piece)
            found = list(_ROW_END.finditer(end + piece))
            since_row_end = len(end) + len(piece) - found[-1].end() if found else since_row_end + len(piece)
            if since_row_end > LARGEST_ROW:
                raise ImportUnreadable(f"The workbook has a row that unpacks to more than {LARGEST_ROW // MIB} MiB.")
            end = piece[-64:]


def _check_numbers(piece: bytes) -> None:
    if any(len(each[1]) > len(str(MOST_ROWS)) or int(each[1]) > MOST_ROWS for each in _ROW_NUMBER.finditer(piece)):
        raise _too_many_rows()


def _too_many_rows() -> ImportUnreadable:
    return ImportUnreadable(f"Give at most {MOST_ROWS:,} rows; split the file.")


def _without_empty_end(cells: Iterable[str]) -> list[str]:
    found = list(cells)
    while found and not found[-1]:
        found.pop()
    return found


def _text(cell: Any) -> str:
    """Return a cell as it would be written in a CSV file, a number with a point whatever the decimal mark."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return _unescaped(value) if "_x" in value else value
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return Number(_digits(value, cell.number_format))
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


def _unescaped(text: str) -> str:
    """Return the text with control characters in place of codes such as `_x000D_`."""
    from openpyxl.utils.escape import unescape

    return str(unescape(text))


def _digits(value: float, number_format: str) -> str:
    """Return a number with the 15 digits that spreadsheets keep, and the leading zeros that its format shows."""
    text = str(value) if isinstance(value, int) else format(value, ".15g")
    if "e" in text:
        text = format(value, ".10f").rstrip("0").rstrip(".") if abs(value) < 1 else format(value, ".0f")
    if text.isdecimal() and _LEADING_ZEROS.fullmatch(number_format):
        return text.zfill(len(number_format))
    return text
