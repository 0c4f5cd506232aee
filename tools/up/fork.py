"""Fork a process of its own: own session, own log, own environment, and never an orphan."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.stores import stop_with_parent

PR_SET_NAME = 15
LIBC = ctypes.CDLL(None)


@dataclass
class Forked:
    """A forked child; `exit_code` is negative for a signal."""

    pid: int
    exit_code: int | None = None

    def poll(self) -> int | None:
        """Return the exit status, or None while it runs."""
        if self.exit_code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.exit_code = os.waitstatus_to_exitcode(status)
        return self.exit_code


def fork(run: Callable[[], None], *, name: str, log: Path, environment: Mapping[str, str]) -> Forked:
    """Run a function in a child that `ps` shows as `name`, its output in `log`; for a caller without threads."""
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    gc.freeze()
    pid = os.fork()
    if pid:
        return Forked(pid)
    status = 1
    try:
        os.setsid()
        stop_with_parent(parent)()
        LIBC.prctl(PR_SET_NAME, name.encode())
        _restore_signals()
        _redirect(log)
        os.environ.clear()
        os.environ.update(environment)
        run()
        status = 0
    except SystemExit as wanted:
        status = wanted.code if isinstance(wanted.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        # Never return into the supervisor's own code.
        os._exit(status)


def _restore_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def _redirect(log: Path) -> None:
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.closerange(3, 4096)
