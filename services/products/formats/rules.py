"""The format of a product file, detected from the whole file and named in the report; and its rows."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import IO

import msgspec

from services.products.errors import ImportUnreadable
from services.products.files.rules import CsvRows, LooksLikeRow, Number, Row
from services.products.rows.rules import COLUMNS, Cells
from services.products.workbooks.rules import Workbook
from shared.base.numbers import DecimalMark, read_decimal

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_HEAD_BYTES = 64 * 1024
_PIECE = 1024 * 1024
_SEP_LINE = re.compile(r" *\"?sep=(.)\"?\s*", re.IGNORECASE)
_UTF8, _WINDOWS = "utf-8-sig", "cp1252"
_NAMES = {_UTF8: "UTF-8", _WINDOWS: "Windows-1252"}
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


class FileFormat(msgspec.Struct, frozen=True):
    """How the file is read; `decimal_mark` is empty until it is known."""

    kind: str
    encoding: str = ""
    separator: str = ""
    sheet: str = ""
    decimal_mark: str = ""
    codec: str = ""
    has_sep_line: bool = False


def format_of(file: IO[bytes]) -> FileFormat:
    """Return the file's format but for its decimal mark; raise ImportUnreadable for a file of another kind."""
    head = file.read(_HEAD_BYTES)
    if head.startswith(_OLE):
        raise ImportUnreadable("This is a workbook of the kind XLS, or has a password. Save it as XLSX or CSV.")
    if head.startswith(_ZIP):
        if b"opendocument.spreadsheet" in head[:200]:
            raise ImportUnreadable("This is an OpenDocument file. Save it as XLSX or CSV.")
        return FileFormat("xlsx", sheet=Workbook(file).sheet)
    codec = _codec_of(file, head)
    text = codecs.getincrementaldecoder(codec)(errors="replace").decode(head)
    first = text.splitlines()[0] if text else ""
    sep_line = _SEP_LINE.fullmatch(first) if "=" in first else None
    separator = _named_separator(sep_line[1]) if sep_line else _likely_separator(text)
    name = _NAMES.get(codec, "UTF-16")
    return FileFormat("csv", name, SEPARATORS[separator], codec=codec, has_sep_line=sep_line is not None)


def _named_separator(separator: str) -> str:
    if separator not in SEPARATORS:
        raise ImportUnreadable(f"The line sep= names {separator!r}; use a comma, semicolon, tab or bar.")
    return separator


def _likely_separator(text: str) -> str:
    """Return the separator that finds most columns in the first line that is not empty; a comma if none does."""
    lines = (line for line in text.splitlines() if line.strip(" \t,;|"))
    heading = next(lines, "")
    found = {separator: _known_columns(heading, separator) for separator in SEPARATORS}
    return max(found, key=lambda separator: found[separator])


def _known_columns(heading: str, separator: str) -> int:
    cells = next(csv.reader([heading], delimiter=separator), [])
    return sum(cell.strip().lower() in COLUMNS for cell in cells)


def _codec_of(file: IO[bytes], head: bytes) -> str:
    """Return the codec of a text: by its byte order mark, by the zeros of UTF-16, else UTF-8 if all of it is."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    even, odd = head[0:400:2], head[1:400:2]
    if odd and odd.count(0) > len(odd) / 2 > even.count(0):
        return "utf-16-le"
    if even and even.count(0) > len(even) / 2 > odd.count(0):
        return "utf-16-be"
    good, bad = _utf8_characters(file)
    if not bad:
        return _UTF8
    if head.startswith(codecs.BOM_UTF8) or good > bad:
        raise ImportUnreadable(f"The file is UTF-8, but {bad:,} of its bytes are damaged. Save it again as CSV UTF-8.")
    return _WINDOWS


def _utf8_characters(file: IO[bytes]) -> tuple[int, int]:
    """Return how many characters beyond ASCII are UTF-8, and how many bytes are none; (…, 0) for all of UTF-8."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
    good = bad = 0
    piece = b"-"
    while piece:
        piece = file.read(_PIECE)
        text = decoder.decode(piece, final=not piece)
        if not text.isascii():
            damaged = sum(1 for character in text if "\udc80" <= character <= "\udcff")
            bad += damaged
            good += len(text) - len(text.encode("ascii", "ignore")) - damaged
    return good, bad


def open_rows(file: IO[bytes], found: FileFormat, looks_like_row: LooksLikeRow) -> Iterator[Row]:
    """
    Yield the rows of the file, of which the heading is the first; empty ones too.

    Raises ImportUnreadable while it is iterated when the text is not of the encoding.
    """
    file.seek(0)
    if found.kind == "xlsx":
        return iter(Workbook(file))
    return _csv_rows(file, found, looks_like_row)


def _csv_rows(file: IO[bytes], found: FileFormat, looks_like_row: LooksLikeRow) -> Iterator[Row]:
    text = io.TextIOWrapper(file, encoding=found.codec, newline="")
    separator = next(character for character, name in SEPARATORS.items() if name == found.separator)
    number = 0
    try:
        if found.has_sep_line:
            text.readline(_HEAD_BYTES)
        for row in CsvRows(text, looks_like_row, separator):
            number = row.number
            yield row
    except UnicodeDecodeError as fault:
        raise ImportUnreadable(
            f"The file is not {found.encoding} after row {number}. Save it again as CSV UTF-8."
        ) from fault
    finally:
        if not file.closed:
            text.detach()  # the caller opened the file and closes it


class MarkEvidence:
    """Counts which decimal mark the prices of a whole file have; a cell of a number in a workbook says nothing."""

    def __init__(self) -> None:
        self._only = dict.fromkeys(DecimalMark, 0)
        self._example = ""

    def add(self, cells: Cells) -> None:
        for text in _prices(cells):
            if "." not in text and "," not in text:
                continue
            by_point, by_comma = (read_decimal(text, mark=mark) for mark in (DecimalMark.POINT, DecimalMark.COMMA))
            if (by_point is None) != (by_comma is None):
                self._only[DecimalMark.COMMA if by_point is None else DecimalMark.POINT] += 1
            elif by_point != by_comma:
                self._example = self._example or text

    def mark(self, found: FileFormat) -> DecimalMark:
        """
        Return the comma if prices with a decimal comma and none with a decimal point are in the file.

        Raises ImportUnreadable when all its prices can be read in two ways, and its separator is not the comma: such
        files come from programs that write numbers as their country does.
        """
        if self._only[DecimalMark.COMMA] and not self._only[DecimalMark.POINT]:
            return DecimalMark.COMMA
        if self._example and not self._only[DecimalMark.POINT] and found.separator != SEPARATORS[","]:
            raise ImportUnreadable(
                f"Prices such as {self._example[:40]} can be read in two ways: choose the decimal mark of the file.",
                field="decimal_mark",
            )
        return DecimalMark.POINT


def _prices(cells: Cells) -> Iterable[str]:
    unit_price = cells.get("unit_price", "")
    if not isinstance(unit_price, Number):
        yield unit_price
    for step in cells.get("breaks", "").split(";"):
        yield step.partition(":")[2].strip()
