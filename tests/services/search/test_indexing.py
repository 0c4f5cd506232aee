"""Updating the index: the newest state wins, one writer, readers reread it, and a lost index is rebuilt."""

from __future__ import annotations

import shutil
import threading
import time

import pytest

from services.search import handlers  # noqa: F401 (the worker imports it for its registrations)
from services.search.app import before_each_batch
from services.search.config import SearchSettings
from services.search.engine.index_directory import IndexDirectory, IndexLabel
from services.search.errors import IndexNotWritable
from shared.base.errors import SettingsInvalid
from shared.calls.resilience import UpstreamUnavailable
from shared.data.events import Envelope
from shared.data.redis_client import redis_from_url
from shared.events.broker_redis import RedisBroker
from shared.events.worker import Consumer
from tests.factories.search import changed, make_product


class TestFollowingTheCatalog:
    def test_keeps_the_newest_state_whatever_the_order(self, search):
        search.deliver(
            make_product("A-1", "Third", version=3), make_product("A-1", "First"), make_product("B-1", "Other")
        )
        search.deliver(make_product("A-1", "Second", version=2))
        assert [each["name"] for each in search.page()["items"]] == ["Other", "Third"]

    def test_finds_no_inactive_product_even_after_a_stale_event(self, search):
        search.deliver(make_product("A-1", "Cup", version=2, is_active=False))
        search.deliver(make_product("A-1", "Cup", version=1))
        assert search.skus("cup") == []

    def test_is_read_by_another_process_at_once(self, search, make_search):
        search.deliver(make_product("A-1", "Cup"))
        web = make_search()
        assert web.skus("cup") == ["A-1"]
        search.deliver(make_product("A-1", "Mug", version=2))
        assert (web.skus("cup"), web.skus("mug")) == ([], ["A-1"])

    def test_has_one_writer_and_another_waits(self, search, make_search):
        search.deliver(make_product("A-1", "Cup"))
        with pytest.raises(IndexNotWritable):
            make_search().prepare()

    def test_refuses_an_unknown_backend_by_name(self):
        environment = {"REDIS_URL": "r", "MONGODB_URI": "m", "SEARCH_BACKEND": "sphinx"}
        with pytest.raises(SettingsInvalid, match="SEARCH_BACKEND is 'sphinx'"):
            SearchSettings.from_env(environment)


class TestRebuilding:
    def test_is_unavailable_without_an_index(self, search):
        answer = search.api.get("/v1/search")
        assert (answer.status_code, answer.json["type"]) == (503, "/problems/index-not-ready")
        assert search.api.get("/health/ready").status_code == 503

    def test_builds_a_missing_index_from_products(self, search, catalog):
        catalog.products = [make_product(f"A-{number}", f"Cup {number}") for number in range(5)]
        search.prepare()
        assert search.page()["total"] == 5
        assert search.api.get("/health/ready").status_code == 200

    def test_rebuilds_a_deleted_index(self, search, catalog):
        catalog.products = [make_product("A-1", "Cup")]
        search.deliver(make_product("B-1", "Gone"))
        shutil.rmtree(search.folder)
        search.prepare()
        assert search.skus() == ["A-1"]
        search.deliver(make_product("C-1", "Mug"))
        assert search.skus() == ["A-1", "C-1"]

    def test_rebuilds_an_index_of_another_schema(self, search, catalog):
        search.prepare()
        catalog.products = [make_product("A-1", "Cup")]
        directory = IndexDirectory(search.folder)
        label = directory.label()
        assert label is not None
        directory.put(IndexLabel(label.folder, label.schema_version - 1, label.mark))
        search.prepare()
        assert search.skus() == ["A-1"]

    def test_builds_once_when_requested(self, search, catalog):
        search.prepare()
        catalog.products = [make_product("A-1", "Cup")]
        search.prepare()
        assert search.skus() == []
        search.request_rebuild()
        search.prepare()
        search.prepare()
        assert (search.skus(), catalog.pages_read) == (["A-1"], 2)

    def test_serves_the_old_index_until_the_new_one_is_whole(self, search, catalog):
        search.deliver(make_product("OLD-1", "Cup"))
        catalog.products = [make_product(f"NEW-{number}", "Cup") for number in range(4)]
        found_during: list[list[str]] = []
        catalog.on_page = lambda: found_during.append(search.skus())
        search.request_rebuild()
        search.prepare()
        assert found_during == [["OLD-1"], ["OLD-1"]]
        assert search.page()["total"] == 4

    def test_keeps_the_old_index_when_products_becomes_unavailable(self, search, catalog):
        search.deliver(make_product("OLD-1", "Cup"))
        catalog.products = [make_product(f"NEW-{number}", "Cup") for number in range(4)]
        catalog.is_away, catalog.away_from_page = True, 1
        search.request_rebuild()
        with pytest.raises(UpstreamUnavailable):
            search.prepare()
        assert search.skus() == ["OLD-1"]
        assert len(list(search.folder.glob("idx_*"))) == 1
        catalog.is_away = False
        search.prepare()
        assert search.page()["total"] == 4


class TestWorker:
    def test_waits_for_products_then_consumes_pending_events(self, search, catalog, redis_url):
        catalog.is_away = True
        broker = RedisBroker(redis_from_url(redis_url))
        subscription = broker.subscribe("search", ["products"], consumer="one")
        product = make_product("A-1", "Cup")
        change = changed(product)
        broker.publish([Envelope.wrap(change, aggregate_id="prod_1", version=1)])
        stopping, beats = threading.Event(), []

        def work() -> None:
            with search.app.app_context():
                consumer = Consumer("search", subscription)
                consumer.run(stopping, beat=lambda: beats.append(1), prepare=before_each_batch)

        worker = threading.Thread(target=work)
        worker.start()
        try:
            _until(lambda: len(beats) >= 2)
            assert search.api.get("/v1/search").status_code == 503
            catalog.is_away = False
            _until(lambda: search.api.get("/v1/search").status_code == 200 and search.skus() == ["A-1"])
        finally:
            stopping.set()
            worker.join()


def _until(happened) -> None:
    deadline = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.05)
