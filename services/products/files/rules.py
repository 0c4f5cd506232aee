"""The rows of a CSV text: a quote that is never closed makes one row invalid, not the rest of the file."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TextIO

LONGEST_LINE = 100_000
# Of a row with line breaks in its cells: more than all columns of a product file can hold.
LONGEST_QUOTED_ROW = 20_000
MOST_LINES_OF_ROW = 300

LooksLikeRow = Callable[[Sequence[str]], bool]


class Number(str):
    """A cell that the file stores as a number, not as text: it has a point before its decimals."""


@dataclass(frozen=True)
class Row:
    """A row of the file; `fault` is why its cells could not be told apart, with `cells` as far as they could."""

    number: int
    cells: list[str]
    fault: str = ""


class _RowTooLong(Exception):
    """A line, or a row with line breaks in quoted cells, is longer than any row of a product file."""


class _Lines:
    """The lines of a text for the CSV reader; `go_back` returns all lines of the last row but its first."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._again: deque[str] = deque()
        self._length = 0
        self.taken: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._read()
        self.taken.append(line)
        self._length += len(line)
        is_too_long = len(self.taken) > 1 and self._length > LONGEST_QUOTED_ROW
        if len(line) >= LONGEST_LINE or len(self.taken) > MOST_LINES_OF_ROW or is_too_long:
            raise _RowTooLong
        return line

    def begin_row(self) -> None:
        self.taken = []
        self._length = 0

    def go_back(self) -> None:
        self._again.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]

    def _read(self) -> str:
        line = self._text.readline(LONGEST_LINE)
        if not line:
            raise StopIteration
        rest = line
        while len(rest) == LONGEST_LINE and not rest.endswith(("\n", "\r")):
            rest = self._text.readline(LONGEST_LINE)
        return line


class CsvRows:
    """
    The rows of a CSV text, numbered as a spreadsheet does: the heading is 1.

    Where a quote is not closed, or its cell swallows lines that look like rows themselves, the row with the quote is
    a fault and the next line is read as the next row.
    """

    def __init__(self, text: TextIO, looks_like_row: LooksLikeRow, separator: str = ",") -> None:
        self._lines = _Lines(text)
        self._separator = separator
        self._reader = csv.reader(self._lines, strict=True, delimiter=separator)
        self._looks_like_row = looks_like_row
        self._number = 0

    def __iter__(self) -> Iterator[Row]:
        return self

    def __next__(self) -> Row:
        self._lines.begin_row()
        self._number += 1
        try:
            cells = next(self._reader)
        except csv.Error as error:
            return self._unreadable(str(error))
        except _RowTooLong:
            return self._unreadable("it is too long" if len(self._lines.taken) == 1 else "")
        if any(self._looks_like_row(self._cells_of(line)) for line in self._lines.taken[1:]):
            return self._unreadable("")
        return Row(self._number, cells)

    def _unreadable(self, reason: str) -> Row:
        """Return the row as a fault and go back to the line after its first."""
        if len(self._lines.taken) > 1 or reason == "unexpected end of data":
            reason = 'a quote (") is opened and not closed. Close it, or write it twice inside a quoted cell'
        self._lines.go_back()
        cells = self._cells_of(self._lines.taken[0][:LONGEST_QUOTED_ROW].rstrip("\r\n"))
        return Row(self._number, cells, f"The row cannot be read: {reason}.")

    def _cells_of(self, line: str) -> list[str]:
        """Return the cells of one line, with quotes as they come."""
        return next(csv.reader([line], delimiter=self._separator), [])
