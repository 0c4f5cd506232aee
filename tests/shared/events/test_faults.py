"""Real stores and workers that are killed: no acknowledged work is lost or repeated, and no call hangs."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis
from flask import Flask

from shared.base import deadline
from shared.base.settings import StoreSettings
from shared.data.persistence import DatabaseHandle, database
from shared.data.redis_client import redis_from_url
from shared.events.broker_redis import RedisBroker
from shared.events.outbox import Relay
from shared.web.service import create_service
from tests.shared import toys
from tests.shared.postbox.handlers import Letter
from tests.shared.processes import until, worker_process
from tests.shared.toys import Note, stored
from tests.support import Api, Tokens
from tools.ports import free_port
from tools.stores import RunningStore, mongodb_address, redis_address, start_mongod, start_redis

Start = Callable[[Path, int], RunningStore]


class Mortal:
    """A store on its own port that can be killed and restarted with its data."""

    def __init__(self, start: Start, folder: Path) -> None:
        self._start, self._folder = start, folder
        self.port = free_port()
        self.running = start(folder, self.port)

    def kill(self) -> None:
        self.running.kill()

    def revive(self) -> None:
        self.running = self._start(self._folder, self.port)


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Callable[[Start], Mortal]]:
    with ExitStack() as stack:

        def start(how: Start) -> Mortal:
            store = Mortal(how, tmp_path / how.__name__)
            stack.callback(lambda: store.running.stop())
            return store

        yield start


def address_of_toys(store: Mortal) -> str:
    return mongodb_address(store.port).replace("/?", f"/{toys.SERVICE}?")


@pytest.fixture
def mongod(mortal, mongodb_url) -> Iterator[Mortal]:
    """A mongod with the toy database for one test."""
    store = mortal(start_mongod)
    DatabaseHandle(toys.SERVICE, address_of_toys(store))
    yield store
    DatabaseHandle(toys.SERVICE, mongodb_url(toys.SERVICE))


class TestMongoDies:
    def test_a_commit_waits_for_the_new_primary_and_is_written_once(self, mongod):
        note = Note()
        note.write("before")
        note.commit()
        mongod.kill()

        def commit() -> None:
            note.write("after")
            with deadline.start(30):
                note.commit()

        with ThreadPoolExecutor(1) as pool:
            committed = pool.submit(commit)
            time.sleep(0.5)
            mongod.revive()
            committed.result()

        row = stored(note.id)
        assert (row["text"], row["version"], len(row["outbox"])) == ("after", 2, 2)

    def test_a_request_is_refused_in_time_with_a_problem(self, mongod, settings_of, tokens: Tokens):
        app: Flask = create_service(
            toys.SERVICE, settings_of(StoreSettings, toys.SERVICE), blueprints=[toys.blp],
            database=DatabaseHandle(toys.SERVICE, address_of_toys(mongod)),
            keys=tokens,
        )  # fmt: skip
        client = Api(app, tokens, scope="notes:read notes:write")
        mongod.kill()

        started = time.monotonic()
        answer = client.get("/v1/notes/note_1", headers={"X-Deadline-Ms": "3000"})
        assert time.monotonic() - started < 4
        assert (answer.status_code, (answer.json or {})["type"]) == (503, "/problems/unavailable")
        assert answer.headers["Retry-After"]
        assert client.get("/health/live").status_code == 200
        assert client.get("/health/ready").status_code == 503


class TestRedisDies:
    def test_events_stay_in_the_outbox_until_it_is_available(self, mortal, database):
        store = mortal(start_redis)
        stopping = threading.Event()
        relay = threading.Thread(
            target=Relay(toys.SERVICE, RedisBroker(redis_from_url(redis_address(store.port)))).run, args=(stopping,)
        )
        store.kill()
        note = Note()
        note.write("kept")
        note.commit()
        relay.start()
        try:
            time.sleep(0.5)
            assert len(stored(note.id)["outbox"]) == 1
            store.revive()
            with redis.Redis.from_url(redis_address(store.port)) as broker:
                until(lambda: broker.xlen("events:toys") == 1)
            until(lambda: stored(note.id)["outbox"] == [])
        finally:
            stopping.set()
            relay.join()


@pytest.fixture
def environment(mongodb_url, redis_url, tmp_path) -> dict[str, str]:
    DatabaseHandle("postbox", mongodb_url("postbox"))
    return {
        "MONGODB_URI": mongodb_url("postbox"), "REDIS_URL": redis_url, "HEARTBEAT_FILE": str(tmp_path / "beat"),
    }  # fmt: skip


class TestJobsWorker:
    def test_runs_the_job_that_the_scheduled_task_enqueued(self, environment):
        with worker_process(environment, "shared.events.jobs", "tests.shared.postbox", "print_label") as task:
            assert task.wait(20) == 0
        assert database("postbox")["labels"].count_documents({}) == 0

        with worker_process(environment, "shared.events.jobs", "tests.shared.postbox") as worker:
            until(lambda: database("postbox")["labels"].count_documents({}))
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(20) == 0


class TestWorkerDies:
    def test_another_worker_continues_its_work(self, environment):
        letter = Letter()
        letter.post("heavy")
        letter.commit()
        attempts, delivered = database("postbox")["attempts"], database("postbox")["delivered"]

        with worker_process(environment):
            until(lambda: attempts.find_one({"_id": "heavy"}))
        assert delivered.count_documents({}) == 0

        with worker_process(environment):
            until(lambda: delivered.find_one({"_id": "heavy"}))
        assert attempts.find_one({"_id": "heavy", "count": 2})

    def test_it_finishes_its_handler_and_exits_after_sigterm(self, environment):
        with worker_process(environment) as process:
            until(lambda: Path(environment["HEARTBEAT_FILE"]).exists())
            letter = Letter()
            letter.post("light")
            letter.commit()
            until(lambda: database("postbox")["delivered"].find_one({"_id": "light"}))
            process.send_signal(signal.SIGTERM)

            assert process.wait(10) == 0
        assert database("postbox")["leases"].count_documents({}) == 0
