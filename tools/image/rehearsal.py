"""The image's workloads, started on real stores as Fargate would start them, with their health probes."""

from __future__ import annotations

import os
import shlex
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from shared.base.workloads import BY_NAME, WORKLOADS
from shared.web.health import is_beating, is_serving
from tools.image.commands import Command, commands, trial_of
from tools.image.sandbox import Sandbox
from tools.ports import free_port
from tools.stores import Stores, started
from tools.up.credentials import load_credentials
from tools.up.places import Places
from tools.up.plan import Plan, service_of

PATIENCE_SECONDS = 60.0
HEARTBEAT = "/tmp/heartbeat"  # noqa: S108 (where a manifest puts it)
# One of each kind that stays: a server behind the load balancer, one with a database, an event worker, a jobs worker.
STARTED = ("gateway", "users", "orders-worker", "orders-jobs")
INSIDE = Places(Path("/tmp/state"))  # noqa: S108 (the volume as the image sees it)


def rehearse(sandbox: Sandbox, folder: Path) -> list[str]:
    """Load what every manifest's command loads, start one workload of each kind; return the faults."""
    (folder / "stores").mkdir()
    with started(folder / "stores") as stores:
        environments = environments_of(sandbox, stores)
        wanted = commands()
        faults = _faults_of_trials(sandbox, wanted, environments)
        for name in STARTED:
            faults += _start(sandbox, wanted[name], environments[name], name, folder / f"{name}.log")
    return faults + _faults_of_writing(sandbox)


def environments_of(sandbox: Sandbox, stores: Stores) -> dict[str, dict[str, str]]:
    """Return a laptop's environment per workload, with its files below the volume, owned by the image's user."""
    outside = Places(sandbox.volume / "state")
    outside.make()
    credentials = load_credentials(outside, sorted({service_of(each) for each in WORKLOADS}))
    for metrics in {service_of(each) for each in WORKLOADS}:
        (outside.metrics / metrics).mkdir(exist_ok=True)
    for each in [outside.state, *outside.state.rglob("*")]:
        os.chown(each, 10001, 10001)
    plan = Plan(INSIDE, {})
    return {each.name: plan.environment_of(each, stores, credentials) for each in WORKLOADS}


def _faults_of_trials(
    sandbox: Sandbox, wanted: dict[str, Command], environments: dict[str, dict[str, str]]
) -> list[str]:
    kinds = {trial_of(command): name for name, command in reversed(wanted.items())}

    def fault_of(trial: Command) -> str:
        name = kinds[trial]
        finished = sandbox.run(trial, environments.get(name, {}))
        last = " ".join((finished.stdout + finished.stderr).strip().splitlines()[-1:])
        return f"{name}: `{shlex.join(wanted[name])}` does not load in the image: {last}" if finished.returncode else ""

    with ThreadPoolExecutor(os.cpu_count()) as several:
        faults = [fault for fault in several.map(fault_of, kinds) if fault]
    print(f"image: {len(wanted)} commands tried, {len(faults)} do not load", flush=True)
    return faults


def _start(sandbox: Sandbox, command: Command, environment: dict[str, str], name: str, log: Path) -> list[str]:
    """Start one workload, wait until the image's own probe succeeds, and print how long that took."""
    port = str(free_port())
    given = environment | {"BIND": f"127.0.0.1:{port}", "HEARTBEAT_FILE": HEARTBEAT}
    probe = ("python", "-m", "shared.web.health", port if BY_NAME[name].port else HEARTBEAT)
    (sandbox.volume / "heartbeat").unlink(missing_ok=True)
    begun = time.monotonic()
    workload = sandbox.start(command, given, log)
    try:
        if not _soon(lambda: workload.poll() is not None or is_well(port, name, sandbox)):
            return [f"{name} is not well after {PATIENCE_SECONDS:.0f} s: {_last_line(log)}"]
        if workload.poll() is not None:
            return [f"{name} ended with {workload.returncode}: {_last_line(log)}"]
        print(f"image: {name} is up after {time.monotonic() - begun:.1f} s", flush=True)
        probed = sandbox.run(probe, given)
        return [] if probed.returncode == 0 else [f"{name}: `{shlex.join(probe)}` ended with {probed.returncode}."]
    finally:
        _stop(workload)


def is_well(port: str, name: str, sandbox: Sandbox) -> bool:
    """Return, from outside, whether the workload answers requests or writes its heartbeat."""
    return is_serving(int(port)) if BY_NAME[name].port else is_beating(sandbox.volume / "heartbeat")


def _soon(holds: Callable[[], bool]) -> bool:
    ends_at = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        if time.monotonic() > ends_at:
            return False
        time.sleep(0.05)
    return True


def _stop(workload: subprocess.Popen[bytes]) -> None:
    workload.terminate()
    try:
        workload.wait(timeout=30)
    except subprocess.TimeoutExpired:
        workload.kill()
        workload.wait()


def _faults_of_writing(sandbox: Sandbox) -> list[str]:
    """Prove that the user can write to /tmp and to nothing else."""
    script = "touch /tmp/written && ! touch /app/x /etc/x /var/tmp/x /run/x 2>/dev/null && test $(id -u) = 10001"
    if sandbox.run(("sh", "-c", script), {}).returncode:
        return ["The image's user can write outside /tmp, or not in it."]
    return []


def _last_line(log: Path) -> str:
    return " ".join(log.read_text(errors="replace").strip().splitlines()[-1:])
