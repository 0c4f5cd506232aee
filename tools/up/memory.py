"""Memory of process trees, as the kernel divides it: shared pages count once (PSS)."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from pathlib import Path

PROC = Path("/proc")


def descendants(*pids: int) -> list[int]:
    """Return these processes and all they started, as far as they live."""
    children: dict[int, list[int]] = defaultdict(list)
    for folder in PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError, ValueError):
            # The command may hold spaces and brackets; the parent's pid is the second word after it.
            after_command = (folder / "stat").read_text().rsplit(")", 1)[1].split()
            children[int(after_command[1])].append(int(folder.name))
    found: list[int] = []
    waiting = list(pids)
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children[pid]
    return found


def pss_bytes(pid: int) -> int:
    """Return one process's proportional share of memory, 0 when it is gone or not ours to see."""
    with contextlib.suppress(OSError):
        for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def tree_bytes(*pids: int) -> int:
    """Return the PSS of process trees together."""
    return sum(pss_bytes(pid) for pid in set(descendants(*pids)))
