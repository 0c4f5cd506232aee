"""A store's process: its start in a folder and on a port, its readiness, its stop by pid, and why it died."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tools.stores.binaries import StoreProgram, StoreRefused, program_environment

START_SECONDS = 60.0
STOP_SECONDS = 20.0
POLL_SECONDS = 0.05
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass
class RunningStore:
    """A running store: its name, port, password, readiness check, and log."""

    name: str
    port: int
    popen: subprocess.Popen[bytes]
    folder: Path
    log: Path
    probe: Callable[[RunningStore], bool]
    password: str = ""

    @property
    def pid(self) -> int:
        return self.popen.pid

    def poll(self) -> int | None:
        """Return the exit status, negative for a signal, or None while it runs."""
        return self.popen.poll()

    def is_running(self) -> bool:
        return self.poll() is None

    def is_ready(self) -> bool:
        """Return whether the store takes writes now."""
        try:
            return self.probe(self)
        except OSError:
            return False

    def wait(self, seconds: float = START_SECONDS) -> None:
        """Return once the store takes writes; raise StoreRefused with the reason when it stops or is too slow."""
        give_up_at = time.monotonic() + seconds
        while time.monotonic() < give_up_at:
            if not self.is_running():
                raise StoreRefused(explain_death(self))
            if self.is_ready():
                return
            time.sleep(POLL_SECONDS)
        self.stop()
        raise StoreRefused(f"{self.name} did not become ready within {seconds:.0f} s; its log is {self.log}")

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Stop the store, which keeps its data; kill it when it does not stop within `seconds`."""
        if self.is_running():
            self.popen.send_signal(signal.SIGTERM)
        try:
            self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End the store as a crash does, without a word."""
        self.popen.kill()
        self.popen.wait()


def launch(
    program: StoreProgram, command: list[str], folder: Path, port: int, *,
    logs: Path, probe: Callable[[RunningStore], bool], password: str = "",
) -> RunningStore:  # fmt: skip
    """Start a store's program and return at once; its log begins anew, the one before is kept."""
    folder.mkdir(parents=True, exist_ok=True)
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"{program.name}.log"
    if log.exists():
        # The last run's words must not explain this run's death.
        log.replace(logs / f"{program.name}.previous.log")
    with log.open("ab") as output:
        popen = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=program_environment(Path(command[0])),
            preexec_fn=stop_with_parent(os.getpid()),
            start_new_session=True,
        )
    return RunningStore(program.name, port, popen, folder, log, probe, password)


def stop_with_parent(parent: int) -> Callable[[], None]:
    """
    Return what a child runs first, so that the kernel stops it when `parent` is killed without warning.

    Only for a caller without threads: the child runs Python between fork and exec.
    """

    def ask_kernel() -> None:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return ask_kernel


def explain_death(store: RunningStore) -> str:
    """Return one sentence on why a store stopped, with a way out."""
    said = "\n".join(store.log.read_text(errors="replace").splitlines()[-60:])
    if "No space left on device" in said:
        return f"{store.name} stopped because the disk is full: free some space and start again."
    if "DBPathInUse" in said:
        return (
            f"Another mongod still uses {store.folder}: stop it "
            f"(`kill $(cat {store.folder / 'mongod.lock'})`) and start again."
        )
    if "Address already in use" in said:
        return f"{store.name} cannot have port {store.port}: another program listens there; use another port."
    if store.poll() == -signal.SIGILL:
        return f"This processor lacks AVX, which {store.name} needs: set MONGODB_URI to a server elsewhere."
    return f"{store.name} stopped (exit {store.poll()}): {_last_words(said)} (the whole log: {store.log})"


def _last_words(said: str) -> str:
    lines = said.strip().splitlines()
    causes = [line for line in lines if any(word in line.lower() for word in ("error", "fatal", "failed"))]
    return (causes or lines or ["its log is empty"])[-1][:300]
