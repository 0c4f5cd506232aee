"""One supervised process: starting, ready, waiting to be restarted, stopped; and the rules between these."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Protocol

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
STABLE_SECONDS = 60.0


class State(StrEnum):
    """What `make status` shows of a process."""

    STARTING = "starting"
    READY = "ready"
    RESTARTING = "restarting"
    STOPPED = "stopped"


class StopStage(IntEnum):
    """Who stops first: no new requests, then no new work, then the stores."""

    WEB = 0
    WORK = 1
    STORE = 2


class Running(Protocol):
    """A child process, however it was started."""

    @property
    def pid(self) -> int: ...
    def poll(self) -> int | None: ...


@dataclass
class Supervised:
    """
    A process that is started again when it dies, with pauses that double up to 30 s.

    `launch` starts it, `is_ready` probes it; pauses start over after a stable minute. Times are seconds of `clock`.
    """

    name: str
    launch: Callable[[], Running]
    is_ready: Callable[[Running], bool]
    say: Callable[[str], None]
    explain: Callable[[Running], str]
    stage: StopStage
    port: int | None = None
    clock: Callable[[], float] = time.monotonic
    state: State = State.STOPPED
    running: Running | None = None
    restarts: int = 0
    began_at: float = 0.0
    began_wall: float = 0.0
    _failures: int = 0
    _retry_at: float = field(default=0.0)

    def start(self) -> None:
        """Start it now; what keeps it from starting counts as a death."""
        self.began_at, self.began_wall = self.clock(), time.time()
        self.state = State.STARTING
        self.running = self.launch()

    def tick(self) -> bool:
        """Look once: notice a death, a due restart, readiness; return whether the state changed."""
        before = (self.state, self.running)
        if self.state is State.RESTARTING:
            if self.clock() >= self._retry_at:
                self.restarts += 1
                self.start()
        elif self.running is not None and self.running.poll() is not None:
            self._died(self.running)
        elif self.state is State.STARTING and self.running is not None and self.is_ready(self.running):
            self.state = State.READY
            if self.restarts:
                self.say(f"{self.name} is back (pid {self.running.pid})")
        return (self.state, self.running) != before

    def postpone(self, reason: str) -> None:
        """Try again after a pause; the pauses double, and start over after a stable minute."""
        if self.clock() - self.began_at >= STABLE_SECONDS:
            self._failures = 0
        pause = min(FIRST_PAUSE_SECONDS * 2**self._failures, LONGEST_PAUSE_SECONDS)
        self._failures += 1
        self._retry_at = self.clock() + pause
        self.state = State.RESTARTING
        self.running = None
        self.say(f"{self.name} {reason}; starting it again in {pause:g} s")

    def _died(self, running: Running) -> None:
        kill_group(running.pid)
        self.postpone(f"died ({describe_exit(running.poll())}): {self.explain(running)}")

    def ask_to_stop(self) -> None:
        if self.running is not None and self.running.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.running.pid, signal.SIGTERM)
        if self.running is None:
            self.state = State.STOPPED

    def is_gone(self) -> bool:
        """Return whether it ended after a request to stop."""
        if self.running is None or self.running.poll() is not None:
            self.state = State.STOPPED
        return self.state is State.STOPPED

    def kill(self) -> None:
        """End it and whatever it forked."""
        if self.running is not None:
            kill_group(self.running.pid)


def kill_group(pid: int) -> None:
    """Kill every process of the group a child leads; gone ones are no error."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def describe_exit(code: int | None) -> str:
    """Return `exit 1` or the signal's name."""
    if code is None:
        return "no exit status"
    if code < 0:
        return signal.Signals(-code).name
    return f"exit {code}"
