"""Stores come from the wheel or from PATH, start writable, and survive what kills them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pymongo
import pytest
from pymongo.errors import OperationFailure

from tests.tools.platform import ROOT, eventually, is_alive
from tools.ports import free_port
from tools.stores import RunningStore, StoreRefused, Stores, mongodb_address, start_mongod, start_redis
from tools.stores.binaries import MONGOD, VALKEY_SERVER, find_program
from tools.stores.wire import ask_mongod, ask_redis

PASSWORD = "0123456789abcdef"


@pytest.fixture
def mongod(tmp_path):
    store = start_mongod(tmp_path / "mongod", free_port(), throw_away=True)
    yield store
    store.stop()


@pytest.fixture
def guarded(tmp_path):
    """A mongod that asks for PASSWORD."""
    store = start_mongod(tmp_path / "guarded", free_port(), password=PASSWORD, throw_away=True)
    yield store
    store.stop()


def connect(store: RunningStore):
    return pymongo.MongoClient("127.0.0.1", store.port, directConnection=True, serverSelectionTimeoutMS=2000)


def connect_by_password(store: RunningStore) -> pymongo.MongoClient[Any]:
    return pymongo.MongoClient(mongodb_address(store.port, PASSWORD), timeoutMS=5000)


class TestMongod:
    def test_takes_majority_writes_as_a_replica_set(self, mongod):
        with connect(mongod) as client:
            client.get_database("shop").orders.insert_one({"_id": 1})

        assert ask_mongod(mongod.port, {"hello": 1})["setName"] == "tradepost"

    def test_keeps_acknowledged_writes_through_a_crash(self, mongod, tmp_path):
        with connect(mongod) as client:
            orders = client.get_database("shop").get_collection(
                "orders", write_concern=pymongo.WriteConcern("majority", j=True)
            )
            orders.insert_one({"_id": 1})
        mongod.kill()
        again = start_mongod(tmp_path / "mongod", mongod.port, throw_away=True)
        with connect(again) as client:
            found = client.get_database("shop").orders.count_documents({})
        again.stop()

        assert found == 1

    def test_starts_on_another_port_with_the_data_of_the_first(self, mongod, tmp_path):
        mongod.stop()
        moved = start_mongod(tmp_path / "mongod", free_port(), throw_away=True)
        members = ask_mongod(moved.port, {"replSetGetStatus": 1})["members"]
        moved.stop()

        assert [member["name"] for member in members] == [f"127.0.0.1:{moved.port}"]

    def test_says_who_holds_the_folder(self, mongod, tmp_path):
        with pytest.raises(StoreRefused, match="Another mongod still uses"):
            start_mongod(tmp_path / "mongod", free_port(), throw_away=True)

    def test_says_that_its_port_is_taken(self, mongod, tmp_path):
        with pytest.raises(StoreRefused, match=f"cannot have port {mongod.port}"):
            start_mongod(tmp_path / "other", mongod.port, throw_away=True)


class TestMongodWithPassword:
    def test_refuses_a_client_without_one(self, guarded):
        with connect(guarded) as client, pytest.raises(OperationFailure, match="requires authentication"):
            client.get_database("shop").orders.insert_one({"_id": 1})

    def test_takes_writes_with_it(self, guarded):
        with connect_by_password(guarded) as client:
            client.get_database("shop").orders.insert_one({"_id": 1})

    def test_starts_on_another_port_with_the_data_of_the_first(self, guarded, tmp_path):
        guarded.stop()
        moved = start_mongod(tmp_path / "guarded", free_port(), password=PASSWORD, throw_away=True)
        with connect_by_password(moved) as client:
            members = client.admin.command("replSetGetStatus")["members"]
        moved.stop()

        assert [member["name"] for member in members] == [f"127.0.0.1:{moved.port}"]

    def test_protects_the_data_of_a_version_without_passwords(self, mongod, tmp_path):
        with connect(mongod) as client:
            client.get_database("shop").orders.insert_one({"_id": 1})
        mongod.stop()
        again = start_mongod(tmp_path / "mongod", mongod.port, password=PASSWORD, throw_away=True)
        with connect_by_password(again) as client:
            found = client.get_database("shop").orders.count_documents({})
        with connect(again) as client, pytest.raises(OperationFailure):
            client.get_database("shop").orders.find_one()
        again.stop()

        assert found == 1

    def test_says_that_the_data_know_another_password(self, guarded, tmp_path):
        guarded.stop()
        (tmp_path / "guarded" / "tradepost-user").unlink()

        with pytest.raises(StoreRefused, match=r"belong to another secrets\.json"):
            start_mongod(tmp_path / "guarded", guarded.port, password="fedcba9876543210", throw_away=True)

    def test_hides_the_password_from_other_users_of_the_machine(self, guarded, tmp_path):
        command = Path(f"/proc/{guarded.pid}/cmdline").read_text()

        assert PASSWORD not in command
        assert (tmp_path / "mongod.keyfile").stat().st_mode & 0o077 == 0


class TestValkeyServerWithPassword:
    def test_refuses_a_client_without_one(self, tmp_path):
        store = start_redis(tmp_path / "redis", free_port(), password=PASSWORD)
        answers = ask_redis(store.port, "PING"), ask_redis(store.port, "PING", password=PASSWORD)
        command = Path(f"/proc/{store.pid}/cmdline").read_text()
        store.stop()

        assert answers == (["-NOAUTH Authentication required."], ["+PONG"])
        assert PASSWORD not in command
        assert (tmp_path / "redis" / "valkey.conf").stat().st_mode & 0o077 == 0


class TestValkeyServer:
    def test_answers_and_keeps_what_it_wrote_through_a_stop(self, tmp_path):
        store = start_redis(tmp_path / "redis", free_port())
        ask_redis(store.port, "SET", "kept", "yes")
        store.stop()
        again = start_redis(tmp_path / "redis", free_port())
        exists = ask_redis(again.port, "EXISTS", "kept")
        again.stop()

        assert exists == [":1"]

    def test_is_stopped_by_the_kernel_when_its_parent_is_killed(self, tmp_path):
        script = (
            "import sys, time; from pathlib import Path\n"
            "from tools.ports import free_port; from tools.stores import start_redis\n"
            "print(start_redis(Path(sys.argv[1]), free_port()).pid, flush=True); time.sleep(60)"
        )
        parent = subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path / "redis")], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        with parent:
            assert parent.stdout is not None
            pid = int(parent.stdout.readline())
            os.kill(parent.pid, signal.SIGKILL)

        assert eventually(lambda: not is_alive(pid), seconds=5)


class TestFindProgram:
    def test_prefers_the_unpacked_wheel(self, tmp_path):
        unpacked = tmp_path / MONGOD.in_wheel
        unpacked.parent.mkdir(parents=True)
        unpacked.touch()

        assert find_program(MONGOD, wheels=tmp_path) == unpacked

    def test_takes_a_new_enough_program_of_path(self, tmp_path):
        path = put_on_path(tmp_path, "redis-server", "Redis server v=7.0.15 sha=0")

        assert find_program(VALKEY_SERVER, wheels=tmp_path / "none", path=path).name == "redis-server"

    def test_refuses_a_program_that_is_too_old(self, tmp_path):
        path = put_on_path(tmp_path, "mongod", "db version v4.4.29")

        with pytest.raises(StoreRefused, match=r"is version 4\.4 and Tradepost needs 6\.0"):
            find_program(MONGOD, wheels=tmp_path / "none", path=path)

    def test_says_what_to_do_when_there_is_none(self, tmp_path):
        with pytest.raises(StoreRefused, match="set MONGODB_URI to a server of your own"):
            find_program(MONGOD, wheels=tmp_path / "none", path=str(tmp_path))


def put_on_path(folder: Path, name: str, version: str) -> str:
    """Make a program that says its version, and return the PATH that finds it."""
    program = folder / name
    program.write_text(f"#!/bin/sh\necho '{version}'\n")
    program.chmod(0o755)
    return str(folder)


class TestStores:
    def test_puts_the_database_into_the_path_and_keeps_the_options(self):
        stores = Stores("mongodb://me:word@db.example:27017/?replicaSet=rs0&tls=true", "rediss://cache.example:6379")

        assert stores.mongodb_url("orders") == "mongodb://me:word@db.example:27017/orders?replicaSet=rs0&tls=true"
        assert stores.redis_url(3) == "rediss://cache.example:6379/3"
