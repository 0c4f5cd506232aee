"""Real worker processes for tests, and functions that wait for their results."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def until(condition: Callable[[], object], seconds: float = 20) -> None:
    give_up_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up_at, "it did not happen in time"
        time.sleep(0.05)


@contextmanager
def worker_process(environment: dict[str, str], *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run `python -m <command>` (the postbox's event worker) and kill it at the end, if it still runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", *(command or ("shared.events.worker", "tests.shared.postbox"))],
        env={**os.environ, **environment}, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    try:
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
