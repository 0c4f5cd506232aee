"""The workloads' log files: kept from growing without end, and read for a process's last words."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from pathlib import Path

LARGEST_BYTES = 64_000_000
TAIL_BYTES = 8_000


def shorten(folder: Path, largest: int = LARGEST_BYTES) -> None:
    """
    Move what is too long aside, as `<name>.previous.log`.

    The writers append, so that a file they hold open can be emptied under them.
    """
    for log in folder.glob("*.log"):
        with contextlib.suppress(OSError):
            if log.stat().st_size > largest and not log.name.endswith(".previous.log"):
                shutil.copyfile(log, log.with_suffix(".previous.log"))
                os.truncate(log, 0)


def last_words(log: Path) -> str:
    """Return the last informative line, with the path of the log."""
    with contextlib.suppress(OSError), log.open("rb") as opened:
        opened.seek(max(0, log.stat().st_size - TAIL_BYTES))
        lines = [line.strip() for line in opened.read().decode(errors="replace").splitlines() if line.strip()]
        if lines:
            return f"{_brief(lines[-1])} ({log})"
    return f"it said nothing ({log})"


def _brief(line: str) -> str:
    with contextlib.suppress(ValueError, AttributeError):
        entry = json.loads(line)
        return f"{entry.get('level', '')} {entry.get('event', '')}".strip()[:300]
    return line[:300]
