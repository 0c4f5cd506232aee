"""
`python -m tools.stores.replica_set PORT`: make a mongod on this host a one-node replica set with one user.

The user's password is read from standard input; nothing there means a mongod that asks for none. Safe to repeat.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure

from tools.stores.wire import HOST

REPLICA_SET = "tradepost"
USER = "tradepost"
AUTHENTICATION_FAILED = 18
ALREADY_INITIALIZED = 23
COMMAND_SECONDS = 30.0
PRIMARY_SECONDS = 30.0

Client = MongoClient[dict[str, Any]]


def prepare(port: int, password: str) -> None:
    """Make the set, also from data of a run on another port, wait until it takes writes, and create the user."""
    known = bool(password) and _authenticates(port, password)
    with _client(port, password if known else "") as client:
        _make_set(client, f"{HOST}:{port}")
        _wait_for_primary(client)
        if password and not known:
            # Allowed without a password from this host for as long as there is no user.
            client.admin.command("createUser", USER, pwd=password, roles=["root"])


def _client(port: int, password: str) -> Client:
    user: dict[str, Any] = {"username": USER, "password": password, "authSource": "admin"} if password else {}
    return MongoClient(HOST, port, directConnection=True, timeoutMS=int(COMMAND_SECONDS * 1000), **user)


def _authenticates(port: int, password: str) -> bool:
    with _client(port, password) as client:
        try:
            client.admin.command("ping")
        except OperationFailure as failure:
            if failure.code != AUTHENTICATION_FAILED:
                raise
            return False
    return True


def _make_set(client: Client, host: str) -> None:
    if "setName" in client.admin.command("hello"):
        return
    member = {"_id": 0, "host": host}
    try:
        client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": [member]})
    except OperationFailure as failure:
        if failure.code != ALREADY_INITIALIZED:
            raise
        config = client.admin.command("replSetGetConfig")["config"]
        config |= {"version": config["version"] + 1, "members": [config["members"][0] | member]}
        client.admin.command("replSetReconfig", config, force=True)


def _wait_for_primary(client: Client) -> None:
    give_up_at = time.monotonic() + PRIMARY_SECONDS
    while not client.admin.command("hello").get("isWritablePrimary"):
        if time.monotonic() > give_up_at:
            raise TimeoutError(f"mongod did not become primary within {PRIMARY_SECONDS:.0f} s")
        time.sleep(0.02)


def main() -> int:
    """Prepare the mongod of the port named; print one sentence when its data know another password."""
    try:
        prepare(int(sys.argv[1]), sys.stdin.read().strip())
    except OperationFailure as failure:
        sys.stderr.write(
            f"mongod refused to be prepared ({(failure.details or {}).get('codeName', failure)}): its data belong to "
            "another secrets.json, or to a run on another port. Bring that file back, start once with the PORT_OFFSET "
            "they were made with, or clear them with `make reset`.\n"
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
