"""What must hold before anything starts; each refusal is one sentence with a way out."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import socket
import time
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TextIO

from tools.up.places import Places
from tools.up.plan import HOST

NEEDED_BYTES = 700_000_000
LISTENING = "0A"


class StartRefused(Exception):
    """The platform cannot start here and now; the text is one sentence with the reason and what to do."""


def take_lock(places: Places) -> TextIO:
    """Return the held lock of this state folder; raise StartRefused when a supervisor has it."""
    lock = places.lock.open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = supervisor_pid(places)
        raise StartRefused(
            f"Tradepost already runs from this folder (pid {pid}): see `make status`, or stop it with `make down`."
        ) from None
    lock.seek(0)
    lock.truncate()
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def is_up(places: Places) -> bool:
    """Return whether a supervisor lives, by its lock: a pid may be another program's by now."""
    try:
        with places.lock.open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def supervisor_pid(places: Places) -> int:
    """Return the pid written into the lock, 0 when none is."""
    with contextlib.suppress(OSError, ValueError):
        return int(places.lock.read_text())
    return 0


def check_aws(setting: str) -> None:
    """Raise StartRefused unless AWS is not set, or is moto, which the development environment has."""
    if setting not in ("", "moto"):
        raise StartRefused(f"AWS is {setting!r}; it must be moto, or absent for the local backends.")
    if setting and find_spec("moto") is None:
        raise StartRefused("AWS=moto needs moto, which only the development environment has: run `make setup-dev`.")


def check_disk(folder: Path, needed: int = NEEDED_BYTES) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StartRefused(
            f"The disk of {folder} has {free // 1_000_000} MB free and the stores need {needed // 1_000_000} MB: "
            "free some space, or clear the demo's data with `make reset`."
        )


def check_ports(ports: Mapping[int, str], *, patience: float = 0.0) -> None:
    """Raise StartRefused naming every port in use, and its process; wait up to `patience` seconds first."""
    give_up_at = time.monotonic() + patience
    while True:
        taken = {port: name for port, name in sorted(ports.items()) if _is_taken(port)}
        if not taken:
            return
        if time.monotonic() >= give_up_at:
            break
        time.sleep(0.2)
    holders = listeners()
    listed = ", ".join(f"{port} for {name} (by {holders.get(port, 'another user')})" for port, name in taken.items())
    raise StartRefused(
        f"{'Ports are' if len(taken) > 1 else 'A port is'} taken: {listed}. "
        "Stop what listens there, or shift all ports with `make up PORT_OFFSET=100`."
    )


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False


def listeners() -> dict[int, str]:
    """Return who listens on which port of this machine, as `name, pid 123`, as far as we may see it."""
    ports = dict(_listening_sockets())
    found: dict[int, str] = {}
    for folder in Path("/proc").glob("[0-9]*/fd"):
        with contextlib.suppress(OSError):
            for descriptor in folder.iterdir():
                with contextlib.suppress(OSError):
                    port = ports.get(os.readlink(descriptor))
                    if port is not None:
                        name = (folder.parent / "comm").read_text().strip()
                        found[port] = f"{name}, pid {folder.parent.name}"
    return found


def _listening_sockets() -> Iterator[tuple[str, int]]:
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                columns = line.split()
                if columns[3] == LISTENING:
                    yield f"socket:[{columns[9]}]", int(columns[1].rsplit(":", 1)[1], 16)
