"""Start mongod as a one-node replica set and redis-server in given folders and ports, and stop them by pid."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from tools.ports import free_port
from tools.stores import wire
from tools.stores.binaries import MONGOD, REDIS_SERVER, StoreRefused, find_program, program_environment

REPLICA_SET = "tradepost"
START_SECONDS = 60.0
STOP_SECONDS = 20.0
POLL_SECONDS = 0.05
# Only the pid is read from serverStatus.
NOTHING_ELSE = dict.fromkeys(("asserts", "locks", "metrics", "repl", "tcmalloc", "wiredTiger"), 0)
NOT_YET_INITIALIZED = 94
INVALID_CONFIG = 93
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass
class RunningStore:
    """A running store: its name, port, its readiness check, and its log."""

    name: str
    port: int
    popen: subprocess.Popen[bytes]
    folder: Path
    log: Path
    probe: Callable[[int, int], bool]

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
            return self.probe(self.port, self.pid)
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


@dataclass(frozen=True)
class Stores:
    """Addresses of one MongoDB and one Redis; the processes are None for servers that were not started here."""

    mongodb_base: str
    redis_base: str
    mongod: RunningStore | None = None
    redis: RunningStore | None = None

    def mongodb_url(self, database: str) -> str:
        """Return the connection string whose path names `database`."""
        return urlunsplit(urlsplit(self.mongodb_base)._replace(path=f"/{database}"))

    def redis_url(self, number: int = 0) -> str:
        """Return the address of Redis' database `number`, 0 to 15."""
        return urlunsplit(urlsplit(self.redis_base)._replace(path=f"/{number}"))


@contextlib.contextmanager
def started(folder: Path) -> Iterator[Stores]:
    """Yield throw-away stores on free ports with their data in `folder`, or those the environment names."""
    folder = Path(folder)
    running: list[RunningStore] = []
    try:
        mongodb_base = os.environ.get("MONGODB_URI")
        redis_base = os.environ.get("REDIS_URL")
        mongod = None if mongodb_base else start_mongod(folder / "mongod", free_port(), throw_away=True)
        running += [mongod] if mongod else []
        redis = None if redis_base else start_redis(folder / "redis", free_port(), throw_away=True)
        running += [redis] if redis else []
        yield Stores(
            mongodb_base=mongodb_base or mongodb_address(mongod.port if mongod else 0),
            redis_base=redis_base or redis_address(redis.port if redis else 0),
            mongod=mongod,
            redis=redis,
        )
    finally:
        for store in running:
            store.stop()


def mongodb_address(port: int) -> str:
    """Return the connection string of our own mongod, without a database."""
    return f"mongodb://{wire.HOST}:{port}/?replicaSet={REPLICA_SET}"


def redis_address(port: int) -> str:
    """Return the address of our own redis-server, without a database number."""
    return f"redis://{wire.HOST}:{port}"


def start_mongod(folder: Path, port: int, *, throw_away: bool = False, logs: Path | None = None) -> RunningStore:
    """Start mongod and return once it is a writable primary; raise StoreRefused with the reason otherwise."""
    store = launch_mongod(folder, port, throw_away=throw_away, logs=logs)
    store.wait()
    return store


def launch_mongod(folder: Path, port: int, *, throw_away: bool = False, logs: Path | None = None) -> RunningStore:
    """Start mongod and return at once; `is_ready` makes it the set's primary."""
    program = find_program(MONGOD)
    options = {
        "--dbpath": folder,
        "--port": port,
        "--bind_ip": wire.HOST,
        "--replSet": REPLICA_SET,
        "--wiredTigerCacheSizeGB": 0.25,
        "--oplogSize": 64 if throw_away else 512,
    }
    # The defaults keep a signalled mongod alive for 15 s and write diagnostics every second.
    quiet = ["shutdownTimeoutMillisForSignaledShutdown=100", "diagnosticDataCollectionEnabled=false"]
    arguments = [str(program), "--journal", "--nounixsocket", "--quiet"]
    arguments += [str(part) for option in options.items() for part in option]
    arguments += [part for setting in quiet for part in ("--setParameter", setting)]
    return _launch(arguments, folder, port, logs or folder.parent, _is_our_primary)


def start_redis(folder: Path, port: int, *, throw_away: bool = False, logs: Path | None = None) -> RunningStore:
    """Start redis-server and return once it answers; raise StoreRefused with the reason otherwise."""
    store = launch_redis(folder, port, throw_away=throw_away, logs=logs)
    store.wait()
    return store


def launch_redis(folder: Path, port: int, *, throw_away: bool = False, logs: Path | None = None) -> RunningStore:
    """Start redis-server and return at once."""
    options = {
        "--port": port,
        "--bind": wire.HOST,
        "--dir": folder,
        "--appendonly": "no" if throw_away else "yes",
        "--appendfsync": "everysec",
        "--save": "",
        "--daemonize": "no",
        # Only keys with a lifetime (caches, counters, sessions) may be evicted, never a queue or a stream.
        "--maxmemory": "256mb",
        "--maxmemory-policy": "volatile-lru",
    }
    arguments = [str(find_program(REDIS_SERVER)), *(str(part) for option in options.items() for part in option)]
    return _launch(arguments, folder, port, logs or folder.parent, _is_our_redis)


def _launch(
    arguments: list[str], folder: Path, port: int, logs: Path, probe: Callable[[int, int], bool]
) -> RunningStore:
    name = Path(arguments[0]).name
    folder.mkdir(parents=True, exist_ok=True)
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"{name}.log"
    if log.exists():
        # The last run's words must not explain this run's death.
        log.replace(logs / f"{name}.previous.log")
    with log.open("ab") as output:
        popen = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=program_environment(Path(arguments[0])),
            preexec_fn=stop_with_parent(os.getpid()),
            start_new_session=True,
        )
    return RunningStore(name, port, popen, folder, log, probe)


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


def _is_our_redis(port: int, pid: int) -> bool:
    """Return whether our own redis-server answers: on a taken port another server does."""
    return wire.ask_redis(port, "PING") == ["+PONG"] and f"process_id:{pid}" in wire.ask_redis(port, "INFO", "server")


def _is_our_primary(port: int, pid: int) -> bool:
    """Return whether our own mongod takes writes, and make it a replica set when it is none yet."""
    hello = wire.ask_mongod(port, {"hello": 1})
    if wire.ask_mongod(port, {"serverStatus": 1, **NOTHING_ELSE}).get("pid") != pid:
        return False
    if hello.get("isWritablePrimary"):
        return True
    if "setName" not in hello:
        _join_replica_set(port)
    return False


def _join_replica_set(port: int) -> None:
    """Make this node the set's only member, also when its data come from a run on another port."""
    status = wire.ask_mongod(port, {"replSetGetStatus": 1})
    member = {"_id": 0, "host": f"{wire.HOST}:{port}"}
    if status.get("code") == NOT_YET_INITIALIZED:
        wire.ask_mongod(port, {"replSetInitiate": {"_id": REPLICA_SET, "members": [member]}}, timeout=30)
    elif status.get("code") == INVALID_CONFIG:
        config = wire.ask_mongod(port, {"replSetGetConfig": 1})["config"]
        config |= {"version": config["version"] + 1, "members": [config["members"][0] | member]}
        wire.ask_mongod(port, {"replSetReconfig": config, "force": True}, timeout=30)
