"""The supervisor: starts the stores, forks the workloads, waits for health, restarts what dies, stops in order."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from types import FrameType

from shared.base.workloads import BY_NAME
from tools.stores import StoreRefused
from tools.up import entry, logs, report
from tools.up.building import credentials_of, stores_of, supervise_stores, supervise_workload
from tools.up.checks import StartRefused
from tools.up.console import ConsolePrinter
from tools.up.fork import fork
from tools.up.memory import tree_bytes
from tools.up.plan import Plan
from tools.up.supervised import State, StopStage, Supervised

READY_SECONDS = 120.0
SEED_SECONDS = 300.0
STOP_SECONDS = {StopStage.WEB: 8.0, StopStage.WORK: 10.0, StopStage.STORE: 20.0}
MOST_DEATHS_AT_START = 3
LOOK_SECONDS = 0.1
SHORTEN_EVERY_SECONDS = 10.0


class Stopped(Exception):
    """A signal asked the platform to stop."""


class Supervisor:
    """Runs one plan from start to stop, in one thread: it forks at any time, and threads do not survive that."""

    def __init__(self, plan: Plan, console: ConsolePrinter) -> None:
        self.plan = plan
        self.console = console
        self.supervised: list[Supervised] = []
        self.phase = "starting"
        self._begun_at = time.monotonic()
        self._shortened_at = 0.0
        self._stop_requests = 0
        self._credentials = credentials_of(plan)
        self._stores = stores_of(plan, self._credentials)

    def run(self) -> None:
        """Start everything and run until a stop signal; raise StartRefused when it does not start."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)
        try:
            self._start()
            while True:
                self._look()
                self._rest()
        except Stopped:
            self.console.print_line("Stopping.")
        finally:
            self._stop()

    def _start(self) -> None:
        shutil.rmtree(self.plan.places.run, ignore_errors=True)
        self.plan.places.make()
        stores = supervise_stores(self.plan, self._credentials, self.console.print_line)
        for store in stores:
            self._begin(store)
        with self.console.step("loading the libraries"):
            entry.preload()
        for store in stores:
            with self.console.step(f"starting {store.name}"):
                self._await([store])
        workloads = [
            supervise_workload(self.plan, workload, self._stores, self._credentials, self.console.print_line)
            for workload in self.plan.workloads
        ]
        with self.console.step(f"starting {len(workloads)} workloads"):
            for workload in workloads:
                self._begin(workload)
            self._await(workloads)
        self._seed()
        self.phase = "ready"
        self._write_status()
        self._welcome()

    def _begin(self, supervised: Supervised) -> None:
        supervised.start()
        self.supervised.append(supervised)

    def _await(self, awaited: Sequence[Supervised]) -> None:
        """Return once all are ready; raise StartRefused when one keeps dying or is too slow."""
        give_up_at = time.monotonic() + READY_SECONDS
        while any(each.state is not State.READY for each in awaited):
            for each in awaited:
                self._refuse_hopeless(each)
            self._look()
            if time.monotonic() > give_up_at:
                missing = [each.name for each in awaited if each.state is not State.READY]
                raise StartRefused(self._tell_missing(missing))
            self._rest()

    def _refuse_hopeless(self, each: Supervised) -> None:
        if each.stage is StopStage.STORE and each.running is not None and each.running.poll() is not None:
            raise StartRefused(each.explain(each.running))
        if each.restarts >= MOST_DEATHS_AT_START:
            raise StartRefused(
                f"{each.name} died {each.restarts} times: {logs.last_words(self.plan.places.log_of(each.name))}; "
                f"`make logs SERVICE={each.name}` shows more."
            )

    def _tell_missing(self, names: list[str]) -> str:
        words = "; ".join(f"{name}: {logs.last_words(self.plan.places.log_of(name))}" for name in names)
        return f"Not ready after {READY_SECONDS:.0f} s: {words}. `make logs SERVICE={names[0]}` shows more."

    def _seed(self) -> None:
        if find_spec("tools.seed") is None or "gateway" not in {each.name for each in self.plan.workloads}:
            return
        environment = self.plan.environment_of(BY_NAME["users"], self._stores, self._credentials)
        log = self.plan.places.log_of("seed")
        with self.console.step("seeding the demo"):
            seeding = fork(lambda: import_module("tools.seed").main(), name="seed", log=log, environment=environment)
            give_up_at = time.monotonic() + SEED_SECONDS
            while seeding.poll() is None and time.monotonic() < give_up_at:
                self._look()
                self._rest()
            if seeding.poll() != 0:
                raise StartRefused(f"The demo could not be seeded: {logs.last_words(log)}")

    def _welcome(self) -> None:
        took = time.monotonic() - self._begun_at
        welcome = report.welcome(self.plan)
        if welcome:
            self.console.print_line(f"\n{welcome}\n")
        if self.plan.has_moto:
            self.console.print_line(
                "AWS is moto's, in memory: events on their way and stored files end with it; its data are "
                f"{self.plan.places.data}.\n"
            )
        self.console.print_line(
            f"Healthy after {took:.1f} s; {tree_bytes(os.getpid()) / 2**20:.0f} MiB PSS in all, stores included. "
            "Ctrl-C or `make down` stops everything and keeps the data."
        )

    def _look(self) -> None:
        if self._stop_requests:
            raise Stopped
        changes = [self._tick(each) for each in self.supervised]
        if any(changes):
            self._write_status()
        if time.monotonic() - self._shortened_at > SHORTEN_EVERY_SECONDS:
            self._shortened_at = time.monotonic()
            logs.shorten(self.plan.places.logs)

    def _tick(self, supervised: Supervised) -> bool:
        try:
            return supervised.tick()
        except (StoreRefused, OSError) as failure:
            supervised.postpone(str(failure))
            return True

    def _rest(self) -> None:
        if not self._stop_requests:
            time.sleep(LOOK_SECONDS)

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self._stop_requests += 1

    def _stop(self) -> None:
        self.phase = "stopping"
        self._stop_requests = 0
        with contextlib.suppress(OSError):
            self._write_status()
        for stage in StopStage:
            self._stop_stage([each for each in self.supervised if each.stage is stage], STOP_SECONDS[stage])
        self.phase = "stopped"
        with contextlib.suppress(OSError):
            self._write_status()
        self.console.print_line(f"Stopped; the data are kept in {self.plan.places.data}.")

    def _stop_stage(self, stopping: Sequence[Supervised], seconds: float) -> None:
        """Send SIGTERM, wait, kill; a second Ctrl-C ends the waiting."""
        for each in stopping:
            each.ask_to_stop()
        give_up_at = time.monotonic() + seconds
        waiting = list(stopping)
        while waiting and time.monotonic() < give_up_at and not self._stop_requests:
            waiting = [each for each in waiting if not each.is_gone()]
            time.sleep(0.02)
        for each in waiting:
            self.console.print_line(f"{each.name} did not stop in {seconds:.0f} s; it is killed.")
        for each in stopping:
            each.kill()

    def _write_status(self) -> None:
        processes = [
            {
                "name": each.name,
                "pid": each.running.pid if each.running and each.state is not State.STOPPED else 0,
                "port": each.port,
                "state": each.state,
                "restarts": each.restarts,
                "began_at": each.began_wall,
            }
            for each in self.supervised
        ]
        report.write_status(self.plan.places, {"pid": os.getpid(), "phase": self.phase, "processes": processes})
