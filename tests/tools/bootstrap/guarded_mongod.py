"""A real mongod that asks for passwords, as DocumentDB does."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from tools.ports import free_port
from tools.stores.binaries import MONGOD, find_program, program_environment
from tools.stores.launch import REPLICA_SET, start_mongod

ADMIN: dict[str, Any] = {"username": "root", "password": "root-password"}
START_SECONDS = 60.0


@contextlib.contextmanager
def guarded_mongod(folder: Path) -> Iterator[int]:
    """Yield the port of a one-node replica set whose only user is ADMIN."""
    data, port = folder / "mongod", free_port()
    first = start_mongod(data, port, throw_away=True)
    with MongoClient[Any](port=port, directConnection=True) as client:
        client.admin.command("createUser", ADMIN["username"], pwd=ADMIN["password"], roles=["root"])
    first.stop()
    key = folder / "members.key"
    key.write_text("b25lbWVtYmVyYWxvbmU=\n")
    key.chmod(0o600)
    program = find_program(MONGOD)
    arguments = [str(program), "--dbpath", str(data), "--port", str(port), "--bind_ip", "127.0.0.1"]
    arguments += ["--replSet", REPLICA_SET, "--auth", "--keyFile", str(key), "--quiet", "--nounixsocket"]
    arguments += ["--wiredTigerCacheSizeGB", "0.25", "--oplogSize", "64"]
    with (folder / "guarded.log").open("wb") as log:
        guarded = subprocess.Popen(arguments, stdout=log, stderr=log, env=program_environment(program))
    try:
        _await_primary(port)
        yield port
    finally:
        guarded.terminate()
        guarded.wait(30)


def administrator(port: int) -> MongoClient[Any]:
    return MongoClient[Any](port=port, directConnection=True, **ADMIN)


def _await_primary(port: int) -> None:
    give_up_at = time.monotonic() + START_SECONDS
    with administrator(port) as client:
        while time.monotonic() < give_up_at:
            with contextlib.suppress(PyMongoError):
                if client.admin.command("hello")["isWritablePrimary"] and client.admin.command("ping"):
                    return
            time.sleep(0.05)
    raise TimeoutError("mongod did not become a primary")
