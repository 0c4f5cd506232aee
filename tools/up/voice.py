"""What the supervisor says: on the terminal for a person, with the time in its log for later."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path


class Voice:
    """Speaks in lines; a step is announced before it begins and closed with its duration."""

    def __init__(self, log: Path) -> None:
        self._log = log.open("a", buffering=1)
        self._line_is_open = False

    def say(self, sentence: str) -> None:
        """Say one line; a step being announced is not torn apart."""
        if self._line_is_open:
            _show("\n")
            self._line_is_open = False
        _show(f"{sentence}\n")
        self._record(sentence)

    @contextlib.contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Announce `what`, then `ok` and the seconds it took."""
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
    # The terminal may be gone; the log is not.
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.write(words)
        sys.stdout.flush()
