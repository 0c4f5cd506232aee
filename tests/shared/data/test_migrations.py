"""Migrations: applied once, in order, by one process, and continued after a kill."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from shared.base import clock
from shared.data.leases import Lease
from shared.data.migrations import Migration, MigrationsRefused, migrate
from shared.data.persistence import connect


@pytest.fixture
def store(mongodb_url):
    return connect("toys", mongodb_url("toys"))


def doubling(number=1):
    """Doubles each toy's size, a toy per batch."""

    def run(database):
        while (toy := database["sizes"].find_one({"doubled": None})) is not None:
            database["sizes"].update_one({"_id": toy["_id"]}, {"$mul": {"size": 2}, "$set": {"doubled": True}})
            yield

    return Migration(number, "double", run)


def killed_after_a_batch():
    def run(database):
        next(doubling().run(database))
        yield
        raise KeyboardInterrupt

    return Migration(1, "double", run)


def sizes(store):
    return [each["size"] for each in store["sizes"].find().sort("_id", 1)]


class TestMigrate:
    def test_applies_once(self, store):
        store["sizes"].insert_many([{"_id": 1, "size": 1}, {"_id": 2, "size": 5}])

        assert migrate("toys", [doubling()]) == ["double"]
        store["sizes"].insert_one({"_id": 3, "size": 7})
        assert migrate("toys", [doubling()]) == []

        assert sizes(store) == [2, 10, 7]

    def test_continues_after_a_kill(self, store):
        store["sizes"].insert_many([{"_id": 1, "size": 1}, {"_id": 2, "size": 5}])
        with pytest.raises(KeyboardInterrupt):
            migrate("toys", [killed_after_a_batch()])

        assert migrate("toys", [doubling()]) == ["double"]

        assert sizes(store) == [2, 10]

    def test_runs_in_order_and_only_what_is_new(self, store):
        seen = []

        def noting(number):
            def run(_):
                seen.append(number)
                yield

            return Migration(number, f"step_{number}", run)

        migrate("toys", [noting(1), noting(2)])
        migrate("toys", [noting(1), noting(2), noting(3)])

        assert seen == [1, 2, 3]

    def test_refuses_while_another_process_has_the_lease(self, store):
        leader = Lease("toys", "migrations")
        assert leader.held()

        with pytest.raises(MigrationsRefused, match="toys"):
            migrate("toys", [doubling()])
        assert store["migrations"].count_documents({}) == 0

    def test_waits_until_the_lease_of_a_killed_process_expires(self, store):
        store["sizes"].insert_one({"_id": 1, "size": 1})
        assert Lease("toys", "migrations", seconds=1).held()

        assert migrate("toys", [doubling()], patience_seconds=30) == ["double"]
        assert sizes(store) == [2]

    def test_applies_nothing_that_the_awaited_process_applied(self, store):
        store["sizes"].insert_one({"_id": 1, "size": 1})
        runs = [doubling()] * 2

        with ThreadPoolExecutor(2) as two:
            names = list(two.map(lambda run: migrate("toys", [run], patience_seconds=30), runs))

        assert sorted(names) == [[], ["double"]]
        assert sizes(store) == [2]

    def test_stops_when_another_process_has_the_lease(self, store):
        def slow(database):
            later = clock.now() + timedelta(hours=1)
            database["leases"].update_one({"_id": "migrations"}, {"$set": {"holder": "another", "expires_at": later}})
            with clock.frozen(clock.now() + timedelta(minutes=5)):
                yield

        with pytest.raises(MigrationsRefused, match="holds the lease"):
            migrate("toys", [Migration(1, "lost", slow)])
        assert store["migrations"].count_documents({}) == 0

    def test_refuses_numbers_with_a_gap(self, store):
        with pytest.raises(MigrationsRefused, match="numbered"):
            migrate("toys", [doubling(2)])
