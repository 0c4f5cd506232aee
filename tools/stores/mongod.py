"""mongod as a one-node replica set on loopback, open to everybody (tests) or to one user with a password (a laptop)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

from tools.private_files import write_privately
from tools.stores import wire
from tools.stores.binaries import MONGOD, StoreRefused, find_program
from tools.stores.replica_set import REPLICA_SET, USER
from tools.stores.running import RunningStore, launch

ROOT = Path(__file__).resolve().parents[2]
PREPARE_SECONDS = 60.0
# The log entry "Waiting for connections": from then on the port is this process' own.
LISTENS = '"id":23016'


def mongodb_address(port: int, password: str = "") -> str:
    """Return the connection string of our own mongod, without a database."""
    user = f"{USER}:{quote(password)}@" if password else ""
    source = "&authSource=admin" if password else ""
    return f"mongodb://{user}{wire.HOST}:{port}/?replicaSet={REPLICA_SET}{source}"


def start_mongod(
    folder: Path, port: int, *, password: str = "", throw_away: bool = False, logs: Path | None = None
) -> RunningStore:
    """Start mongod and return once it is a writable primary; raise StoreRefused with the reason otherwise."""
    store = launch_mongod(folder, port, password=password, throw_away=throw_away, logs=logs)
    store.wait()
    return store


def launch_mongod(
    folder: Path, port: int, *, password: str = "", throw_away: bool = False, logs: Path | None = None
) -> RunningStore:
    """Start mongod and return at once; `is_ready` makes it the set's primary, and its user when a password is given."""
    options = {
        "--dbpath": folder,
        "--port": port,
        "--bind_ip": wire.HOST,
        "--replSet": REPLICA_SET,
        "--wiredTigerCacheSizeGB": 0.25,
        "--oplogSize": 64 if throw_away else 512,
        # Without zlib: its decompression let strangers read memory before 6.0.27 (CVE-2025-14847).
        "--networkMessageCompressors": "snappy,zstd",
    }
    if password:
        # With a key file mongod asks every client to authenticate.
        options["--keyFile"] = write_privately(folder.with_name("mongod.keyfile"), password.encode())
    # The defaults keep a signalled mongod alive for 15 s and write diagnostics every second.
    quiet = ["shutdownTimeoutMillisForSignaledShutdown=100", "diagnosticDataCollectionEnabled=false"]
    command = [str(find_program(MONGOD)), "--journal", "--nounixsocket", "--quiet"]
    command += [str(part) for option in options.items() for part in option]
    command += [part for setting in quiet for part in ("--setParameter", setting)]
    return launch(MONGOD, command, folder, port, logs=logs or folder.parent, probe=_is_our_primary, password=password)


def _is_our_primary(store: RunningStore) -> bool:
    """Return whether our own mongod takes writes; make it a replica set with our user when it is none yet."""
    if LISTENS not in store.log.read_text(errors="replace"):
        return False
    hello = wire.ask_mongod(store.port, {"hello": 1})
    if "setName" not in hello or (store.password and not _has_user(store)):
        _prepare(store)
        return False
    return bool(hello.get("isWritablePrimary"))


def _prepare(store: RunningStore) -> None:
    """Run `tools.stores.replica_set` in a process of its own: the driver starts threads, and the supervisor forks."""
    finished = subprocess.run(
        [sys.executable, "-m", "tools.stores.replica_set", str(store.port)],
        cwd=ROOT,
        input=store.password,
        capture_output=True,
        text=True,
        check=False,
        timeout=PREPARE_SECONDS,
    )
    if finished.returncode:
        store.stop()
        raise StoreRefused(finished.stderr.strip().splitlines()[-1])
    if store.password:
        _user_mark(store).touch()


def _has_user(store: RunningStore) -> bool:
    """Return whether these data were given their user; the mark goes with the data."""
    return _user_mark(store).exists()


def _user_mark(store: RunningStore) -> Path:
    return store.folder / "tradepost-user"
