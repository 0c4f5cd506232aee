"""The supervisor's lines: on the terminal, and with the time in its log."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path


class ConsolePrinter:
    """Prints lines; a step is printed before it begins and completed with its duration."""

    def __init__(self, log: Path) -> None:
        self._log = log.open("a", buffering=1)
        self._line_is_open = False

    def print_line(self, sentence: str) -> None:
        """Print one line; a step that is under way keeps its own line."""
        if self._line_is_open:
            _show("\n")
            self._line_is_open = False
        _show(f"{sentence}\n")
        self._record(sentence)

    @contextlib.contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Print `what`, then `ok` and the seconds it took."""
        _show(f"{what} … ")
        self._line_is_open = True
        begun = time.monotonic()
        yield
        took = f"ok {time.monotonic() - begun:.1f} s"
        _show(f"{took}\n" if self._line_is_open else f"{what} … {took}\n")
        self._line_is_open = False
        self._record(f"{what}: {took}")

    def _record(self, sentence: str) -> None:
        self._log.write(f"{datetime.now(UTC).isoformat(timespec='milliseconds')} {sentence}\n")


def _show(words: str) -> None:
    # The terminal may be closed; the log still gets the line.
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.write(words)
        sys.stdout.flush()
