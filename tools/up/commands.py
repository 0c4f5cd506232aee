"""What `make` calls for a running platform: a detached start, down, reset, status, logs."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

from shared.base.workloads import WORKLOADS
from tools.up import report
from tools.up.checks import is_up, supervisor_pid
from tools.up.places import ROOT, Places

DOWN_SECONDS = 60.0


def up_detached(places: Places, command: Sequence[str]) -> int:
    """Start the platform in the background, show its progress, and return once it is healthy."""
    places.make()
    log = places.log_of("up")
    if is_up(places):
        return refuse(f"Tradepost already runs from this folder (pid {supervisor_pid(places)}): see `make status`.")
    with log.open("wb") as output, log.open("rb") as progress:
        supervisor = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
        while True:
            ended = supervisor.poll()
            shown = report.read_status(places)
            is_ready = shown["phase"] == "ready" and shown.get("pid") == supervisor.pid
            # Its last words are written before it is ready or gone, so this read has them all.
            sys.stdout.write(progress.read().decode(errors="replace"))
            sys.stdout.flush()
            if ended is not None:
                return ended or 1
            if is_ready and b"Healthy after" in log.read_bytes():
                sys.stdout.write(progress.read().decode(errors="replace"))
                return 0
            time.sleep(0.1)


def down(places: Places) -> int:
    """Stop the running platform and return once it is gone."""
    if not is_up(places):
        sys.stdout.write("Tradepost does not run.\n")
        return 0
    os.kill(supervisor_pid(places), signal.SIGTERM)
    give_up_at = time.monotonic() + DOWN_SECONDS
    while is_up(places):
        if time.monotonic() > give_up_at:
            return refuse(
                f"The supervisor (pid {supervisor_pid(places)}) still stops; `make status` shows what it awaits."
            )
        time.sleep(0.1)
    sys.stdout.write(f"Tradepost stopped; the data are kept below {places.state}.\n")
    return 0


def reset(places: Places) -> int:
    """Clear everything but the installed environment."""
    if is_up(places):
        return refuse("Tradepost runs: stop it with `make down` before its data are cleared.")
    for folder in (places.state / "data", places.state / "data-moto", places.run, places.logs):
        shutil.rmtree(folder, ignore_errors=True)
    for file in (places.secrets, places.signing_key, places.key_file):
        file.unlink(missing_ok=True)
    sys.stdout.write("The demo's data, logs and secrets are cleared; `make up` starts afresh.\n")
    return 0


def status(places: Places) -> int:
    """Print one line per process; the exit status is 0 when all are ready."""
    if not is_up(places):
        sys.stdout.write("Tradepost does not run; `make up` starts it.\n")
        return 1
    known = report.read_status(places)
    sys.stdout.write(f"Supervisor: pid {supervisor_pid(places)}, {known['phase']}\n")
    if known["processes"]:
        sys.stdout.write(report.status_table(known) + "\n")
    return 0 if all(entry["state"] == "ready" for entry in known["processes"]) else 1


def show_logs(places: Places, name: str, *, follow: bool) -> int:
    """Show the end of one log, or of all, and follow it."""
    if name and not report.is_known(name) and not places.log_of(name).exists():
        known = ", ".join([workload.name for workload in WORKLOADS] + ["mongod", "valkey-server", "supervisor"])
        return refuse(f"There is no workload {name}; there are {known}.")
    chosen = [places.log_of(name)] if name else sorted(places.logs.glob("*.log"))
    files = [str(log) for log in chosen if log.exists()]
    if not files:
        return refuse("There are no logs yet; `make up` writes them.")
    options = ["-n", "100" if name else "10", *(["-F"] if follow else [])]
    with contextlib.suppress(KeyboardInterrupt):
        return subprocess.run(["tail", *options, *files], check=False).returncode
    return 0


def refuse(sentence: str) -> int:
    """Print the reason; return the exit status of a refusal."""
    sys.stderr.write(sentence + "\n")
    return 1
