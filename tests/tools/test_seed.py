"""The demo's catalog, seeded over REST into a platform that may have it already."""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from typing import Any

import pytest
from pymongo import MongoClient

from services.users.people.documents import User
from shared.data.encryption import is_encrypted
from shared.data.leases import Lease
from shared.data.persistence import connect
from tests.factories.fake_gateway import FakeGateway
from tests.factories.fake_platform import FakePlatform
from tools import seed
from tools.bootstrap.database import STORED
from tools.demo import people
from tools.replay.api import Api


@contextmanager
def reached(platform):
    gateway = FakeGateway(platform)
    api = Api(gateway.url)
    try:
        yield api
    finally:
        api.close()
        gateway.stop()


@pytest.fixture
def platform():
    return FakePlatform()


class TestMigrateAll:
    @pytest.fixture
    def environment(self, stores, key_file, keep_others_connected, tmp_path_factory):
        """The seed names its databases itself, so a lock keeps parallel workers from using them at once."""
        environment = {"MONGODB_URI": stores.mongodb_url("tradepost_users"), "KEY_FILE": key_file}
        with (tmp_path_factory.getbasetemp().parent / "seed-tests.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield environment
            with MongoClient[Any](environment["MONGODB_URI"]) as client:
                for service in STORED:
                    client.drop_database(f"tradepost_{service}")

    def test_seals_the_people_of_a_version_without_encryption_once(self, environment, capsys):
        connect("users", environment["MONGODB_URI"])
        plain = {"email": "ann@acme.example", "name": "Ann Acme"}
        User.collection().insert_one({"_id": "usr_1", **plain, "version": 1})

        seed.migrate_all(environment)
        seed.migrate_all(environment)

        (ann,) = User.collection().find({})
        assert is_encrypted(ann["email"])
        assert User.find_by_email("ann@acme.example") is not None
        assert capsys.readouterr().out.count("seed: migrated users: seal_people") == 1

    def test_says_who_else_migrates(self, environment, capsys):
        connect("users", environment["MONGODB_URI"])
        assert Lease("users", "migrations").held()

        with pytest.raises(SystemExit):
            seed.main(environment)

        assert "Another process migrates users now" in capsys.readouterr().err


class TestSeedPeople:
    def test_creates_the_demo_logins_once(self, mongodb_url, key_file, capsys):
        environment = {"TRADEPOST_ENV": "demo", "MONGODB_URI": mongodb_url("users"), "KEY_FILE": key_file}

        seed.seed_people(environment)
        seed.seed_people(environment)

        assert "6 people created" in capsys.readouterr().out
        assert {user.email for user in User.objects} >= {people.ADMIN, people.REP, people.BUYER, people.APPROVER}
        assert User.objects.count() == 6


class TestSeedCatalog:
    def test_imports_every_product_of_the_demo(self, platform, capsys):
        with reached(platform) as api:
            seed.seed_catalog(api)

        assert len(platform.products) == 400
        assert platform.products["85123A"]["available"] > 0
        assert "importing 400 products" in capsys.readouterr().out

    def test_leaves_what_is_there_alone(self, platform):
        with reached(platform) as api:
            seed.seed_catalog(api)
            platform.products["85123A"]["available"] = 7
            seed.seed_catalog(api)

        assert platform.products["85123A"]["available"] == 7
        assert platform.effects["import", "85123A"] == 1

    def test_completes_a_catalog_that_was_left_midway(self, platform):
        with reached(platform) as api:
            seed.seed_catalog(api)
            del platform.products["85123A"]
            seed.seed_catalog(api)

        assert platform.effects["import", "85123A"] == 2
        assert platform.effects["import", "22423"] == 1

    def test_seeds_nothing_outside_demo_mode(self, capsys):
        seed.main({"TRADEPOST_ENV": "prod"})

        assert "nothing" in capsys.readouterr().out
