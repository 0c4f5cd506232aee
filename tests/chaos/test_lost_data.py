"""The whole platform loses data: Redis is emptied, orders is put back to an older copy."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pymongo
import pytest
import redis
from pymongo.database import Database

from shared.base.workloads import MONGOD_PORT, REDIS_PORT
from tests.chaos.platform import WholePlatform
from tests.chaos.shopping import ON_HAND, SETTLE_SECONDS, Shop
from tests.shared.processes import until
from tools.replay.api import Api, Refused, Unreachable
from tools.stores import mongodb_address, redis_address
from tools.up.credentials import read_store_password
from tools.up.places import Places

SKU = "CHAOS-LOST"
# Of its own: what the other test leaves reserved does not count.
FLUSHED_SKU = "CHAOS-FLUSHED"


@contextmanager
def held_up(platform: WholePlatform, *names: str) -> Iterator[None]:
    """Freeze processes for a while, less than their supervisor allows."""
    groups = [os.getpgid(int(platform.processes()[name]["pid"])) for name in names]
    for group in groups:
        os.killpg(group, signal.SIGSTOP)
    try:
        yield
    finally:
        for group in groups:
            os.killpg(group, signal.SIGCONT)


def password_of(platform: WholePlatform) -> str:
    return read_store_password(Places(platform.state))


def empty_redis(platform: WholePlatform, *, events: int) -> None:
    """Empty Redis once it holds so many events of orders."""
    with redis.Redis.from_url(redis_address(REDIS_PORT + platform.offset, password_of(platform))) as store:
        until(lambda: int(store.xlen("events:orders")) >= events, SETTLE_SECONDS)
        store.flushall()


@contextmanager
def orders_database(platform: WholePlatform) -> Iterator[Database[dict[str, Any]]]:
    address = mongodb_address(MONGOD_PORT + platform.offset, password_of(platform))
    client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(address)
    with client:
        yield client["tradepost_orders"]


@pytest.fixture
def shop(platform: WholePlatform) -> Shop:
    return Shop.of(platform)


def mails_of(shop: Shop, order_id: str) -> set[tuple[str, str]]:
    found = shop.api.pages("notifications", "/notifications", shop.admin, order_id=order_id)
    return {(each["kind"], each["status"]) for each in found}


def test_a_shipment_is_taken_from_stock_and_mailed_after_redis_was_emptied(shop: Shop, platform: WholePlatform) -> None:
    shop.sell(FLUSHED_SKU)
    with held_up(platform, "products-worker", "notifications-worker", "payments-worker"):
        order_id = shop.order(shop.buyers[0], FLUSHED_SKU, 5)["id"]
        until(lambda: shop.is_confirmed(order_id), SETTLE_SECONDS)
        shop.api.post("ship", f"/orders/{order_id}/shipments", {}, shop.admin, keyed=True)
        empty_redis(platform, events=2)

    until(lambda: shop.inventory(FLUSHED_SKU)["on_hand"] == ON_HAND - 5, SETTLE_SECONDS)
    assert shop.inventory(FLUSHED_SKU)["reserved"] == 0
    expected = {("order_confirmed", "sent"), ("order_shipped", "sent")}
    until(lambda: expected <= mails_of(shop, order_id), SETTLE_SECONDS)
    until(lambda: shop.payments_of(order_id)[0]["status"] == "captured", SETTLE_SECONDS)


def test_an_older_copy_of_orders_gives_no_number_and_charges_no_card_twice(shop: Shop, platform: WholePlatform) -> None:
    shop.sell(SKU)
    with orders_database(platform) as orders:
        copy = {name: list(orders[name].find()) for name in ("orders", "counters", "idempotency_keys")}
        lost = [shop.order(shop.buyers[0], SKU, 1) for _ in range(2)]
        for name, documents in copy.items():
            orders[name].delete_many({})
            if documents:
                orders[name].insert_many(documents)

        impatient = replace(shop, api=Api(platform.gateway, patience_seconds=2))
        with pytest.raises(Refused) as first:
            impatient.order(shop.buyers[0], SKU, 1)
        assert first.value.status == 409
        with pytest.raises(Unreachable):  # 503 until an operator resumes
            impatient.order(shop.buyers[0], SKU, 1)
        assert orders["older_copies"].count_documents({"_id": "orders"}) == 1
        resumed = subprocess.run([sys.executable, "-m", "tools.resume"], env=platform.environment, check=False)
        assert resumed.returncode == 0

    number = shop.order(shop.buyers[0], SKU, 1)["number"]
    assert number > max(order["number"] for order in lost)
