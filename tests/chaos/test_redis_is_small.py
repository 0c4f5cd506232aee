"""
A large import in a small Redis, with checkouts beside it.

All is a sixteenth of the real proportions (256 MB, streams of 24 MiB, 200,000 products): 16 MB, 1.5 MiB and 12,500.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
import redis

from shared.base.ids import new_id
from shared.base.settings import KeySettings
from shared.data.encrypted_events import to_outbox
from shared.data.encryption import use_keys
from shared.data.events import SUBSCRIBERS, Envelope, Event, Handler
from shared.data.persistence import KEPT_EVENTS, DatabaseHandle, database
from shared.data.redis_client import blocking_redis_from_url, redis_from_url
from shared.events import inbox
from shared.events.broker_redis import RedisBroker
from shared.events.catalog import READERS
from shared.events.catalog.orders import OrderShipped
from shared.events.catalog.products import ProductChanged
from shared.events.outbox import Relay, aggregates_of
from shared.events.worker import Consumer
from tests.chaos.samples import pairs, sample
from tests.shared.processes import until
from tools.ports import free_port
from tools.stores import redis_address, start_redis

REDIS_BYTES = 16_000_000
STREAM_BYTES = 3 * 1024 * 1024 // 2
PRODUCTS = 12_500
# With the description of a real catalog: an event has about 1.6 KB.
DESCRIPTION = "Hexagon head screw, zinc plated, fully threaded. " * 25
PAIRS = pairs()


class Traffic:
    """Workers of all services on one Redis: a relay per publisher, a consumer per subscriber, each in a thread."""

    def __init__(self, url: str) -> None:
        self.store = redis_from_url(url)
        self._blocking = blocking_redis_from_url(url, seconds=5.0)
        self.broker = RedisBroker(self.store, blocking=self._blocking, most_bytes=STREAM_BYTES)
        self.stopping = threading.Event()
        self.handled: dict[str, dict[str, float]] = {service: {} for _, service in PAIRS}
        self.most_used = 0
        self.refusals: list[str] = []
        self._threads: list[threading.Thread] = []
        for name in {event.name for event, _ in PAIRS}:
            SUBSCRIBERS[name] = [self._recording(each) for each in SUBSCRIBERS[name]]

    def _recording(self, handler: Handler) -> Handler:
        def run(given: Any) -> None:
            for each in given if isinstance(given, list) else [given]:
                self.handled[handler.service][getattr(each, "shipment_id", None) or each.sku] = time.monotonic()

        run.__name__ = handler.run.__name__
        return replace(handler, run=run)

    def start(self, target: Callable[..., object], *arguments: object) -> None:
        self._threads.append(threading.Thread(target=target, args=arguments))
        self._threads[-1].start()

    def subscribe(self, service: str) -> None:
        publishers = sorted(publisher for publisher, readers in READERS.items() if service in readers)
        subscription = self.broker.subscribe(service, publishers, consumer=new_id("consumer"))
        self.start(Consumer(service, subscription).run, self.stopping)

    def publish(self, service: str) -> None:
        self.start(Relay(service, self.broker).run, self.stopping)

    def measure(self) -> None:
        """Note the most memory that Redis takes, and whether it refuses what jobs and sessions write."""
        while not self.stopping.wait(0.1):
            memory: Any = self.store.info("memory")
            self.most_used = max(self.most_used, memory["used_memory"])
            try:
                self.store.rpush("rq:queue:test", "job")
            except redis.ResponseError as refusal:
                self.refusals.append(str(refusal))

    def stop(self) -> None:
        self.stopping.set()
        for each in self._threads:
            each.join()
        self.store.close()
        self._blocking.close()


@pytest.fixture
def traffic(tmp_path: Path, mongodb_url: Callable[[str], str], key_file: str) -> Iterator[Traffic]:
    known = {name: list(handlers) for name, handlers in SUBSCRIBERS.items()}
    for service in {*READERS, *(service for _, service in PAIRS)}:
        use_keys(service, KeySettings(key_file=key_file))
        DatabaseHandle(service, mongodb_url(service))
        inbox.ensure_indexes(service)
    with ExitStack() as closing:
        server = start_redis(tmp_path / "redis", free_port(), throw_away=True)
        closing.callback(server.stop)
        traffic = Traffic(redis_address(server.port))
        traffic.store.config_set("maxmemory", REDIS_BYTES)
        closing.callback(SUBSCRIBERS.update, known)
        closing.callback(traffic.stop)
        yield traffic


def record(event: Event, key: str) -> None:
    publisher = event.name.split(".", 1)[0]
    entry = to_outbox(publisher, Envelope.wrap(event, aggregate_id=key, version=1), type(event))
    aggregates_of(publisher)[0].collection().insert_one({"_id": key, "number": key, "outbox": [entry]})


def import_products() -> None:
    changed: Any = sample(ProductChanged)
    collection = next(each for each in aggregates_of("products") if each.__name__ == "Product").collection()
    for start in range(0, PRODUCTS, 500):
        documents = []
        for number in range(start, start + 500):
            sku = f"SKU-{number}"
            event = replace(changed, sku=sku, product=_product(changed.product, sku))
            entry = to_outbox("products", Envelope.wrap(event, aggregate_id=sku, version=1), ProductChanged)
            documents.append({"_id": sku, "sku": sku, "outbox": [entry]})
        collection.insert_many(documents)


def _product(known: Any, sku: str) -> Any:
    return msgspec.structs.replace(known, sku=sku, description=DESCRIPTION)


@contextmanager
def checkouts(traffic: Traffic) -> Iterator[dict[str, float]]:
    """Ship an order four times a second; yields when each was recorded."""
    recorded: dict[str, float] = {}
    ending = threading.Event()

    def ship() -> None:
        shipped: Any = sample(OrderShipped)
        while not ending.wait(0.25):
            key = new_id("ship")
            recorded[key] = time.monotonic()
            record(replace(shipped, shipment_id=key), key)

    traffic.start(ship)
    try:
        yield recorded
    finally:
        ending.set()


def slowest(traffic: Traffic, service: str, recorded: dict[str, float]) -> float:
    until(lambda: recorded.keys() <= traffic.handled[service].keys(), seconds=30)
    return max(traffic.handled[service][each] - at for each, at in recorded.items())


def everything_arrived(traffic: Traffic, service: str) -> bool:
    return sum(each.startswith("SKU-") for each in list(traffic.handled[service])) == PRODUCTS


class TestLargeImport:
    def test_passes_with_checkouts_beside_it(self, traffic: Traffic) -> None:
        for service in READERS:
            traffic.publish(service)
        for service in traffic.handled:
            traffic.subscribe(service)
        traffic.start(traffic.measure)

        with checkouts(traffic) as recorded:
            import_products()
            until(lambda: everything_arrived(traffic, "search"), seconds=120)

        for service in READERS["orders"]:
            assert slowest(traffic, service, recorded) < 10
        assert traffic.refusals == []
        assert traffic.most_used < 0.8 * REDIS_BYTES
        until(lambda: all(database(each)[KEPT_EVENTS].find_one() is None for each in READERS))
        assert [traffic.store.xlen(f"events:{each}") for each in READERS] == [0, 0, 0]

    def test_stops_no_checkout_while_a_subscriber_does_not_run(self, traffic: Traffic) -> None:
        for service in READERS:
            traffic.publish(service)
        for service in traffic.handled.keys() - {"search"}:
            traffic.subscribe(service)
        traffic.start(traffic.measure)

        with checkouts(traffic) as recorded:
            import_products()
            products = database("products")
            until(lambda: products["products"].find_one({"outbox.id": {"$exists": True}}) is None, seconds=60)

        for service in READERS["orders"]:
            assert slowest(traffic, service, recorded) < 10
        assert traffic.refusals == []
        assert traffic.most_used < 0.8 * REDIS_BYTES
        assert products[KEPT_EVENTS].count_documents({}) == PRODUCTS

        traffic.subscribe("search")
        until(lambda: everything_arrived(traffic, "search"), seconds=120)
        until(lambda: products[KEPT_EVENTS].find_one() is None)
