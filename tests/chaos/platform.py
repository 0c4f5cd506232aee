"""The whole platform under its real supervisor, and what a test does to its processes."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from shared.base.workloads import MONGOD_PORT, REDIS_PORT, WORKLOADS
from tests.shared.processes import until
from tests.tools.platform import TinyPlatform
from tools.ports import free_offset

PORTS = (*(workload.port for workload in WORKLOADS if workload.port), MONGOD_PORT, REDIS_PORT)
GATEWAY_PORT = 8080
READY_SECONDS = 90.0
HANG_SECONDS = 3.0


class WholePlatform(TinyPlatform):
    """Runs `python -m tools.up` commands against one state folder."""

    module = "tools.up"
    run_seconds = 180.0

    @property
    def gateway(self) -> str:
        return f"http://127.0.0.1:{GATEWAY_PORT + self.offset}"

    def kill(self, name: str) -> None:
        """End a process as a crash does; the supervisor starts it again."""
        self._end(name, signal.SIGKILL)

    def terminate(self, name: str) -> None:
        """Stop a process as a deployment does; the supervisor starts it again."""
        self._end(name, signal.SIGTERM)

    def replace(self, name: str) -> None:
        """Replace the worker of a web process as a rolling restart does: its listener stays open."""
        pid = self._pid(name)
        before = _children(pid)
        os.kill(pid, signal.SIGHUP)
        until(lambda: bool(_children(pid)) and not _children(pid) & before, READY_SECONDS)

    def hang(self, name: str, seconds: float = HANG_SECONDS) -> None:
        """Freeze a process group, as a machine without memory does, and let it continue."""
        pid = self._pid(name)
        os.killpg(os.getpgid(pid), signal.SIGSTOP)
        time.sleep(seconds)
        os.killpg(os.getpgid(pid), signal.SIGCONT)

    def wait_ready(self) -> None:
        until(lambda: all(each["state"] == "ready" for each in self.processes().values()), READY_SECONDS)

    def _end(self, name: str, reason: signal.Signals) -> None:
        pid = self._pid(name)
        os.kill(pid, reason)
        until(lambda: self.processes()[name]["pid"] not in {0, pid}, READY_SECONDS)

    def _pid(self, name: str) -> int:
        until(lambda: self.processes()[name]["pid"] > 0, READY_SECONDS)
        return int(self.processes()[name]["pid"])


def _children(pid: int) -> set[int]:
    return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


@contextlib.contextmanager
def whole_platform(state: Path, **extra: str) -> Iterator[WholePlatform]:
    platform = WholePlatform(state, free_offset(PORTS), **extra)
    try:
        started = platform.run("up", "--detach")
        assert started.returncode == 0, started.stdout + started.stderr
        yield platform
    finally:
        platform.run("down")
