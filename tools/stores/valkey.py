"""valkey-server on loopback, open to everybody (tests) or with a password (a laptop)."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from tools.private_files import write_privately
from tools.stores import wire
from tools.stores.binaries import VALKEY_SERVER, find_program
from tools.stores.running import RunningStore, launch


def redis_address(port: int, password: str = "") -> str:
    """Return the address of our own valkey-server, without a database number."""
    user = f":{quote(password)}@" if password else ""
    return f"redis://{user}{wire.HOST}:{port}"


def start_redis(
    folder: Path, port: int, *, password: str = "", throw_away: bool = False, logs: Path | None = None
) -> RunningStore:
    """Start valkey-server and return once it answers; raise StoreRefused with the reason otherwise."""
    store = launch_redis(folder, port, password=password, throw_away=throw_away, logs=logs)
    store.wait()
    return store


def launch_redis(
    folder: Path, port: int, *, password: str = "", throw_away: bool = False, logs: Path | None = None
) -> RunningStore:
    """Start valkey-server and return at once."""
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
    # A password among the arguments would be visible to every user of the machine.
    secret = f"requirepass {password}\n" if password else ""
    command = [str(find_program(VALKEY_SERVER)), str(write_privately(folder / "valkey.conf", secret.encode()))]
    command += [str(part) for option in options.items() for part in option]
    return launch(VALKEY_SERVER, command, folder, port, logs=logs or folder.parent, probe=_is_ours, password=password)


def _is_ours(store: RunningStore) -> bool:
    """Return whether our own valkey-server answers: on a taken port another server does."""
    if wire.ask_redis(store.port, "PING", password=store.password) != ["+PONG"]:
        return False
    return f"process_id:{store.pid}" in wire.ask_redis(store.port, "INFO", "server", password=store.password)
