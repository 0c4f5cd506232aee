"""A tiny platform under the real supervisor, on ports and in a folder of its own."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tools.ports import free_offset

ROOT = Path(__file__).resolve().parents[2]
PORTS = (8080, 8081, 8085, 8086, 8087)


class TinyPlatform:
    """Runs `python -m tests.tools.run_tiny` commands against one state folder."""

    module = "tests.tools.run_tiny"
    run_seconds = 60.0

    def __init__(self, state: Path, offset: int, **extra: str) -> None:
        self.state = state
        self.offset = offset
        kept = {name: value for name, value in os.environ.items() if name not in {"MONGODB_URI", "REDIS_URL"}}
        self.environment = kept | {"TRADEPOST_STATE": str(state), "PORT_OFFSET": str(offset)} | extra

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", self.module, *arguments]
        return subprocess.run(
            command,
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=self.run_seconds,
        )

    def get(self, port: int, path: str) -> Any:
        """Return a workload's answer, once it is back when another test has just killed it."""
        assert eventually(lambda: self._answers(port))
        with urllib.request.urlopen(f"http://127.0.0.1:{port + self.offset}{path}", timeout=5) as answer:
            return json.load(answer)

    def post(self, port: int, path: str) -> None:
        request = urllib.request.Request(f"http://127.0.0.1:{port + self.offset}{path}", method="POST")
        with contextlib.suppress(OSError):
            urllib.request.urlopen(request, timeout=5).close()

    def _answers(self, port: int) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port + self.offset)) == 0

    def processes(self) -> dict[str, dict[str, Any]]:
        """Return what the supervisor wrote about each process, by name."""
        status = json.loads((self.state / "run" / "status.json").read_text())
        return {entry["name"]: entry for entry in status["processes"]}

    def supervisor_pid(self) -> int:
        return int((self.state / "up.lock").read_text())

    def said(self) -> str:
        return (self.state / "logs" / "supervisor.log").read_text()


@contextlib.contextmanager
def running(state: Path, **extra: str) -> Iterator[TinyPlatform]:
    platform = TinyPlatform(state, free_offset(PORTS), **extra)
    try:
        started = platform.run("up", "--detach")
        assert started.returncode == 0, started.stdout + started.stderr
        yield platform
    finally:
        platform.run("down")


def eventually(is_true: Callable[[], bool], seconds: float = 15.0) -> bool:
    """Ask until the answer is yes, at most `seconds`."""
    give_up_at = time.monotonic() + seconds
    while time.monotonic() < give_up_at:
        with contextlib.suppress(OSError, ValueError, KeyError):
            if is_true():
                return True
        time.sleep(0.05)
    return False


def is_alive(pid: int) -> bool:
    try:
        # A zombie nobody has waited for yet is dead as well.
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
